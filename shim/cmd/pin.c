/* SPDX-License-Identifier: MIT */
/*
 * `pinshim pin': prints a policy section for a server, a certificate or a key.
 * Says in comments what it does not know; only the reader can know that the key
 * is the right one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/material.h"

/* A file that exists is meant; a folder may well be called like a host. */
static bool is_file(const char *argument)
{
	struct stat st;

	return !strcmp(argument, "-") || strchr(argument, '/') ||
	       (stat(argument, &st) == 0 && !S_ISDIR(st.st_mode));
}

static void print_end(const X509 *cert)
{
	struct tm end;
	char day[sizeof("2026-12-31")];

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) == 1 &&
	    strftime(day, sizeof(day), "%F", &end))
		printf(", until %s", day);
}

static void print_leaf(const struct material *m)
{
	char text[PIN_TEXT_SIZE];

	printf("pin = %s ; %s%s%s", pin_format(m->key, text), m->what, *m->subject ? " " : "",
	       m->subject);
	if (m->chain)
		print_end(sk_X509_value(m->chain, 0));
	puts("\n; Add a backup, the pin of a key that is not in use yet: without one the next\n"
	     "; change of the key locks everyone out.");
}

static int print_certs(const struct material *m)
{
	char text[PIN_TEXT_SIZE], subject[SUBJECT_SIZE];
	uint8_t pin[PIN_LEN];

	if (material_hash_cert(sk_X509_value(m->chain, 0), pin) < 0)
		return -1;
	printf("; This certificate alone, until it is renewed:\n; pin-cert = %s\n",
	       pin_format(pin, text));
	if (sk_X509_num(m->chain) > 1)
		puts("; The other certificates that came with it:");
	for (int i = 1; i < sk_X509_num(m->chain); i++) {
		const X509 *cert = sk_X509_value(m->chain, i);

		if (material_hash_key(X509_get_X509_PUBKEY(cert), pin) < 0)
			return -1;
		material_print_subject(X509_get_subject_name(cert), subject);
		printf("; pin-ca = %s ; %s", pin_format(pin, text), subject);
		print_end(cert);
		puts("");
	}
	return 0;
}

static int print_section(const struct material *m)
{
	if (*m->chain_remark)
		printf("; As served to this machine: %s;\n; %s.\n", m->chain_remark,
		       m->name_remark);
	puts("; Confirm the key by another channel before you rely on it.");
	if (*m->title)
		printf("[%s]\n", m->title);
	else
		/* Not commented out: the pin would go to the section above. Not a name either. */
		puts("; No name is known from this: write the server's between the brackets.\n"
		     "[SERVER NAME]");
	print_leaf(m);
	return m->chain ? print_certs(m) : 0;
}

static int pin(const struct verb *verb, int argc, char **argv)
{
	struct material m = { 0 };
	int status;

	while (next_option(verb, argc, argv) != -1)
		continue;
	if (optind == argc)
		usage_error(verb, "HOST or FILE is missing");
	if (optind + 1 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1]);
	status = is_file(argv[optind]) ? material_read(argv[optind], &m)
				       : material_fetch(argv[optind], &m);
	if (status == 0 && print_section(&m) < 0)
		status = EXIT_FAILURE;
	material_free(&m);
	return status;
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_pin = {
	.name = "pin",
	.synopsis = "pin HOST[:PORT] | FILE | -",
	.help = "Prints a policy section, ready to paste, for the TLS server at HOST (port 443), "
		"or\n"
		"for the certificates, the certificate request or the key in FILE, PEM or DER;\n"
		"`-' reads standard input. A FILE in the current folder that might be taken for a\n"
		"HOST is meant when it exists.\n",
	.shorts = ":",
	.longs = longs,
	.main = pin,
};
