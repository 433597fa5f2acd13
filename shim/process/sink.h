/* SPDX-License-Identifier: MIT */
/*
 * Where messages go: standard error, syslog, a file of JSON lines. One write a
 * message; never blocks, never raises a signal, never leaves a descriptor open.
 */
#ifndef PINSHIM_SINK_H
#define PINSHIM_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* write(2), once, without waiting and without a signal. */
ssize_t sink_write(int fd, const char *message, size_t len);

/* Each returns whether the whole message has gone out. MESSAGE ends in a newline. */
bool sink_stderr(const char *message, size_t len);
bool sink_syslog(const char *message, size_t len);
bool sink_file(const char *path, const char *message, size_t len);

/* Opens PATH as sink_file() does: a descriptor, or -1. */
int sink_open(const char *path);

#endif
