/* SPDX-License-Identifier: MIT */
/*
 * A table of who loads what. Who is in PREFIX/bin, or in or below PREFIX/lib,
 * has modules below PREFIX, or beside itself.
 */
#include "cmd/modules.h"

#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct host {
	const char *program, *library; /* patterns of names, or NULL */
	bool if_gio;		       /* only where some object uses GIO's TLS */
	/* Patterns below PREFIX, or "./" and a name; %s: the version in the host's name. */
	const char *modules[4];
} hosts[] = {
	{ "python[23].*", "libpython[23].*.so*", false, { "lib/python%s/lib-dynload/_ssl*.so" } },
	{ NULL, "libpypy3*-c.so*", false, { "lib/pypy%s/_pypy_openssl.*.so" } },
	{ "perl*",
	  "libperl.so*",
	  false,
	  { "lib/*/perl*/*/auto/Net/SSLeay/SSLeay.so",
	    "local/lib/*/perl/*/auto/Net/SSLeay/SSLeay.so",
	    "lib*/perl5/*/auto/Net/SSLeay/SSLeay.so" } },
	{ NULL, "libruby*.so*", false, { "lib/*/ruby/*/openssl.so", "lib/ruby/*/*/openssl.so" } },
	{ "php[0-9]*", "libphp*.so*", false, { "lib/php/*/*.so" } },
	{ "lua[0-9j]*",
	  "liblua*.so*",
	  false,
	  { "lib/*/lua/*/ssl.so", "lib/lua/*/ssl.so", "lib/*/lua/*/_openssl.so" } },
	{ NULL,
	  "libtcl[0-9]*.so*",
	  false,
	  { "lib/tcltk/*/tcltls*/*.so", "lib/*/tcltk/*/tcltls*/*.so" } },
	{ NULL, "libswipl.so*", false, { "lib/swi-prolog/lib/*/ssl4pl.so" } },
	{ NULL, "libR.so", false, { "site-library/*/libs/*.so", "library/*/libs/*.so" } },
	{ "apache2", NULL, false, { "lib/apache2/modules/mod_ssl.so" } },
	{ "rsyslogd", NULL, false, { "lib/*/rsyslog/lmnsd_*.so", "lib/rsyslog/lmnsd_*.so" } },
	{ "firefox*", NULL, false, { "./libxul.so" } },
	{ "thunderbird*", NULL, false, { "./libxul.so" } },
	{ NULL, "libgensio.so*", false, { "libexec/*/gensio/*/libgensio_ssl.so" } },
	{ NULL, "libQt6Network.so*", false, { "lib/*/qt6/plugins/tls/*.so" } },
	{ NULL, "libgio-2.0.so*", true, { "lib/*/gio/modules/*.so", "lib*/gio/modules/*.so" } },
};

static bool is_host(const struct host *host, const struct object *o)
{
	const char *pattern = o->library ? host->library : host->program;

	return pattern && fnmatch(pattern, object_name(o), 0) == 0;
}

/* Cuts PATH, a real path, to what stands before its last bin or lib. */
static bool cut_to_prefix(char *path)
{
	static const char *const parts[] = { "/bin/", "/sbin/", "/lib/", "/lib64/" };
	char *end = NULL, *found;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (found = path; (found = strstr(found, parts[i])); found++)
			if (!end || found > end)
				end = found;
	if (end)
		*end = '\0';
	return end;
}

/* Writes "3.11" of "libpython3.11.so.1.0". */
static void find_version(const char *name, char version[16])
{
	size_t len;

	name += strcspn(name, "0123456789");
	len = strspn(name, "0123456789.");
	while (len > 0 && name[len - 1] == '.')
		len--;
	snprintf(version, 16, "%.*s", (int)len, name);
}

static int each_match(const char *pattern, int (*each)(const char *path, void *data), void *data)
{
	glob_t found;
	int rv = 0;

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; rv == 0 && i < found.gl_pathc; i++)
			rv = each(found.gl_pathv[i], data);
	globfree(&found);
	return rv;
}

/* Makes of MODULE, an entry of the table, the pattern of a path. */
static bool expand(const struct object *o, const char *module, char pattern[PATH_MAX])
{
	char folder[PATH_MAX], below[256], version[16];

	if (!realpath(o->path, folder) || strpbrk(folder, "*?[\\"))
		return false;
	if (!strncmp(module, "./", 2))
		*strrchr(folder, '/') = '\0';
	else if (!cut_to_prefix(folder))
		return false;
	find_version(object_name(o), version);
	snprintf(below, sizeof(below), module, version);
	return snprintf(pattern, PATH_MAX, "%s/%s", folder, below) < PATH_MAX;
}

static int each_module(const struct host *host, const struct object *o,
		       int (*each)(const char *path, void *data), void *data)
{
	char pattern[PATH_MAX];
	int rv = 0;

	if (!is_host(host, o))
		return 0;
	for (size_t i = 0; rv == 0 && i < 4 && host->modules[i]; i++)
		if (expand(o, host->modules[i], pattern))
			rv = each_match(pattern, each, data);
	return rv;
}

int modules_each(const struct closure *c, int (*each)(const char *path, void *data), void *data)
{
	bool gio = false;
	int rv = 0;

	for (size_t i = 0; i < c->n; i++)
		gio = gio || c->items[i].object->asks_gio;
	for (size_t h = 0; h < sizeof(hosts) / sizeof(hosts[0]); h++)
		for (size_t i = 0; rv == 0 && i < c->n; i++)
			if (!hosts[h].if_gio || gio)
				rv = each_module(&hosts[h], c->items[i].object, each, data);
	return rv;
}
