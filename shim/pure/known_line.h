/* SPDX-License-Identifier: MIT */
/*
 * One line of the store of known keys, which `tofu = yes' writes: "NAME
 * sha256/BASE64 YYYY-MM-DD PROGRAM". Whatever is not exactly that is no line,
 * and nothing is guessed: a key that was misread would be a wrong pin. Pure.
 */
#ifndef PINSHIM_KNOWN_LINE_H
#define PINSHIM_KNOWN_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "pure/date.h"
#include "pure/name.h"
#include "pure/pin.h"

#define KNOWN_LINE_MOST	   1023 /* bytes, without the newline */
#define KNOWN_PROGRAM_MOST 64
#define KNOWN_WHY_SIZE	   768

struct known_line {
	const char *name;    /* in normal form */
	const char *since;   /* "2026-11-25", UTC */
	const char *program; /* that learned it, by the last part of its path; "-": unknown */
	uint8_t key[PIN_LEN];
};

/*
 * Takes LINE, LEN bytes with a NUL behind them, to pieces, of which OUT then
 * consists: LINE is changed and has to stay. Returns 0, or -1 with WHY saying
 * what is wrong and what to write.
 */
int known_line_read(char *line, size_t len, struct known_line *out, char why[KNOWN_WHY_SIZE]);

/*
 * Writes the line and its newline to OUT, and returns its length. Of the
 * program's name at most KNOWN_PROGRAM_MOST bytes, '?' in place of what is not
 * printable ASCII.
 */
size_t known_line_write(const struct known_line *line, char out[KNOWN_LINE_MOST + 2]);

#endif
