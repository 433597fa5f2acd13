/* SPDX-License-Identifier: MIT */
/*
 * What the clients that find libssl at run time share.
 */
#ifndef PINSHIM_TEST_TALK_H
#define PINSHIM_TEST_TALK_H

/*
 * Looks up FILE's functions HOW (dlsym, dlvsym) and talks to the server at PORT
 * as SNI: 0 when it answered, 1 when OpenSSL failed, 2 when the test is broken.
 */
int talk(const char *how, const char *file, const char *port, const char *ca, const char *sni);

#endif
