/* SPDX-License-Identifier: MIT */
/*
 * What plugins.c asks of a plugin. No OpenSSL here: the program has none.
 */
#ifndef PINSHIM_TEST_PLUGIN_H
#define PINSHIM_TEST_PLUGIN_H

/* Makes the plugin's server; PIN becomes "sha256/..." of its key. */
void plugin_begin(char pin[64]);

/* A connection to that server as NAME: 1 when it is accepted, 0 when it is refused. */
int plugin_talk(const char *name);

void plugin_end(void);

#endif
