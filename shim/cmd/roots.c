/* SPDX-License-Identifier: MIT */
/* Reads OpenSSL's default file and folders of trust anchors, and keeps the hashes of the keys. */
#include "cmd/roots.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/material.h"

static uint8_t (*keys)[PIN_LEN];
static size_t n_keys;

/* Without memory a root less is known: a remark less. */
static void add_root(X509 *cert)
{
	uint8_t(*grown)[PIN_LEN];

	if (X509_check_issued(cert, cert) != X509_V_OK)
		return;
	grown = reallocarray(keys, n_keys + 1, sizeof(*keys));
	if (!grown)
		return;
	keys = grown;
	if (material_hash_key(X509_get_X509_PUBKEY(cert), keys[n_keys]) == 0)
		n_keys++;
}

static void read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	X509 *cert;

	while (file && (cert = PEM_read_X509_AUX(file, NULL, NULL, NULL))) {
		add_root(cert);
		X509_free(cert);
	}
	if (file)
		fclose(file);
	ERR_clear_error();
}

/* Certificates there are called by a hash of their subject, "0a1b2c3d.0". */
static bool is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       name[9 + strspn(name + 9, "0123456789")] == '\0';
}

static void read_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char *file;

	while (folder && (entry = readdir(folder))) {
		if (!is_hash_name(entry->d_name) ||
		    asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			continue;
		read_file(file);
		free(file);
	}
	if (folder)
		closedir(folder);
}

static void read_all(void)
{
	const char *file = getenv(X509_get_default_cert_file_env());
	const char *folders = getenv(X509_get_default_cert_dir_env());
	char *list, *rest, *folder;

	read_file(file ? file : X509_get_default_cert_file());
	list = rest = strdup(folders ? folders : X509_get_default_cert_dir());
	while ((folder = strsep(&rest, ":")))
		read_folder(folder);
	free(list);
}

bool is_root_key(const uint8_t key[PIN_LEN])
{
	static bool known;

	if (!known)
		read_all();
	known = true;
	for (size_t i = 0; i < n_keys; i++)
		if (!memcmp(keys[i], key, PIN_LEN))
			return true;
	return false;
}
