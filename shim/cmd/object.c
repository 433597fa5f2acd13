/* SPDX-License-Identifier: MIT */
/*
 * Reads ELF files through libelf. A library of TLS is told by the functions
 * that it exports, never by its name; what is linked in statically, by texts
 * that no program with it can be without. Trusts no size or offset of a file.
 */
#include "cmd/object.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(i)	     (1U << (i))

/* Functions whose definition, or use, tells something. */
enum function {
	SSL_CTX_NEW,
	OPENSSL_VERSION,
	GNUTLS_HANDSHAKE,
	NSS_IMPORT_FD,
	MBEDTLS_HANDSHAKE,
	WOLFSSL_CONNECT,
	JAVA_START,
	GIO_TLS,
	DLOPEN,
	DLSYM,
};

static const struct {
	const char *name;
	enum function function;
} functions[] = {
	{ "SSL_CTX_new", SSL_CTX_NEW },
	{ "OpenSSL_version", OPENSSL_VERSION },
	{ "SSLeay_version", OPENSSL_VERSION },
	{ "gnutls_handshake", GNUTLS_HANDSHAKE },
	{ "SSL_ImportFD", NSS_IMPORT_FD },
	{ "mbedtls_ssl_handshake", MBEDTLS_HANDSHAKE },
	{ "wolfSSL_connect", WOLFSSL_CONNECT },
	{ "JNI_CreateJavaVM", JAVA_START },
	{ "JLI_Launch", JAVA_START },
	{ "g_tls_client_connection_new", GIO_TLS },
	{ "g_socket_client_set_tls", GIO_TLS },
	{ "dlopen", DLOPEN },
	{ "dlmopen", DLOPEN },
	{ "dlsym", DLSYM },
};

enum text {
	OPENSSL_CIPHERS,
	BORINGSSL_SOURCE,
	GNUTLS_VARIABLE,
	NSS_VARIABLE,
	RUSTLS_SOURCE,
	MBEDTLS_FUNCTION,
	GO_FUNCTION,
	HASKELL_MESSAGE,
	BUSYBOX_ERROR,
	LIBSSL_FUNCTION,
	LIBSSL_FILE,
	GNUTLS_FILE,
	NSS_FILE,
};

/* The first character stands apart, or this program would be found to have all of them. */
static const struct {
	int first;
	const char *rest;
	enum text text;
	bool from_start, to_end; /* of a string */
} texts[] = {
	/* A word of cipher lists since OpenSSL 0.9.5, and LibreSSL's; BoringSSL took it out. */
	{ 'C', "OMPLEMENTOFDEFAULT", OPENSSL_CIPHERS, true, true },
	/* Sources that report their own errors or panics: */
	{ 's', "sl_lib.cc", BORINGSSL_SOURCE, false, true },
	{ '/', "rustls-0.", RUSTLS_SOURCE, false, false },
	{ '/', "rustls-1.", RUSTLS_SOURCE, false, false },
	{ 'm', "bedtls_ssl_fetch_input", MBEDTLS_FUNCTION, true, true },
	/* Variables of the environment that are read when the library starts: */
	{ 'G', "NUTLS_DEBUG_LEVEL", GNUTLS_VARIABLE, true, true },
	{ 'N', "SS_SSL_ENABLE_RENEGOTIATION", NSS_VARIABLE, true, true },
	/* Tracebacks need it, also in stripped programs. Go's strings have no end. */
	{ 'c', "rypto/tls.(*Conn).", GO_FUNCTION, false, false },
	/* A constructor by its full name, which every program of GHC's keeps for debuggers. */
	{ 'N', "etwork.TLS.Struct.ClientHello", HASKELL_MESSAGE, false, true },
	{ 'g', "ot bad TLS record (len:%d) while expecting %s", BUSYBOX_ERROR, true, false },
	{ 'S', "SL_CTX_new", LIBSSL_FUNCTION, true, true },
	{ 'l', "ibssl.so", LIBSSL_FILE, false, false },
	{ 'l', "ibgnutls.so", GNUTLS_FILE, false, false },
	{ 'l', "ibssl3.so", NSS_FILE, false, false },
};

/* One file while it is read. */
struct reading {
	struct object *o;
	Elf *elf;
	const char *bytes; /* the whole file */
	size_t size, n_segments;
	unsigned defines, uses; /* sets of BIT(enum function) */
	unsigned has;		/* set of BIT(enum text) */
	bool is_go;
};

/* --- texts */

static bool has_text(const char *at, size_t size, size_t i)
{
	size_t len = strlen(texts[i].rest);
	const char *start = at, *found;

	while ((found = memmem(at, size, texts[i].rest, len + texts[i].to_end))) {
		if (found > start && found[-1] == texts[i].first &&
		    (!texts[i].from_start || found - 1 == start || found[-2] == '\0'))
			return true;
		size -= (size_t)(found + 1 - at);
		at = found + 1;
	}
	return false;
}

static void find_texts(struct reading *r, const char *at, size_t size)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (!(r->has & BIT(texts[i].text)) && has_text(at, size, i))
			r->has |= BIT(texts[i].text);
}

/* Takes "3.0.19" from "OpenSSL 3.0.19 27 Jan 2026". */
static void find_version(struct reading *r, const char *at, size_t size)
{
	static const char name[] = "OpenSSL ";
	char *version = r->o->version;
	const char *found;
	size_t len;

	while (!*version && (found = memmem(at, size, name, sizeof(name) - 1))) {
		found += sizeof(name) - 1;
		size -= (size_t)(found - at);
		at = found;
		for (len = 0; len < size && len < OBJECT_VERSION_SIZE - 1; len++)
			if (!isalnum((unsigned char)at[len]) && !strchr(".-+", at[len]))
				break;
		if (len >= 5 && len < size && at[len] == ' ' && isdigit((unsigned char)at[0]) &&
		    at[1] == '.')
			memcpy(version, at, len);
	}
}

/* Calls LOOK for each section of constants; where there are no sections, for all that is mapped. */
static void each_constant(struct reading *r, void (*look)(struct reading *, const char *, size_t))
{
	Elf_Scn *section = NULL;
	GElf_Phdr segment;
	GElf_Shdr header;
	bool any = false;

	while ((section = elf_nextscn(r->elf, section))) {
		any = true;
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_PROGBITS &&
		    (header.sh_flags & (SHF_ALLOC | SHF_EXECINSTR | SHF_WRITE)) == SHF_ALLOC &&
		    header.sh_offset <= r->size && header.sh_size <= r->size - header.sh_offset)
			look(r, r->bytes + header.sh_offset, header.sh_size);
	}
	for (size_t i = 0; !any && i < r->n_segments; i++)
		if (gelf_getphdr(r->elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    segment.p_offset <= r->size && segment.p_filesz <= r->size - segment.p_offset)
			look(r, r->bytes + segment.p_offset, segment.p_filesz);
}

/* --- the dynamic section */

struct dynamic {
	GElf_Addr strings, symbols;
	size_t strings_size;
	Elf_Data *entries;
	size_t n;
};

/* The offset of what is mapped at ADDRESS, or the file's size when nothing is. */
static size_t offset_of(struct reading *r, GElf_Addr address)
{
	GElf_Phdr segment;

	for (size_t i = 0; i < r->n_segments; i++)
		if (gelf_getphdr(r->elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz &&
		    segment.p_offset <= r->size &&
		    address - segment.p_vaddr < r->size - segment.p_offset)
			return segment.p_offset + (size_t)(address - segment.p_vaddr);
	return r->size;
}

/* COUNT elements of TYPE at OFFSET, fewer where the file ends before; or NULL. */
static Elf_Data *chunk(struct reading *r, size_t offset, Elf_Type type, size_t count)
{
	size_t element = gelf_fsize(r->elf, type, 1, EV_CURRENT);

	if (offset >= r->size || element == 0)
		return NULL;
	if (count > (r->size - offset) / element)
		count = (r->size - offset) / element;
	return count ? elf_getdata_rawchunk(r->elf, (int64_t)offset, count * element, type) : NULL;
}

static const char *string_at(struct reading *r, const struct dynamic *d, size_t i)
{
	size_t offset = offset_of(r, d->strings);
	size_t size = r->size - offset;

	if (size > d->strings_size)
		size = d->strings_size;
	if (i < size && memchr(r->bytes + offset + i, '\0', size - i))
		return r->bytes + offset + i;
	return NULL;
}

/* How many symbols there are is written in sections only; without, the strings are behind them. */
static size_t count_symbols(struct reading *r, const struct dynamic *d)
{
	size_t element = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(r->elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNSYM &&
		    header.sh_addr == d->symbols)
			return header.sh_size / element;
	return d->strings > d->symbols ? (d->strings - d->symbols) / element : 0;
}

static void note_symbol(struct reading *r, const GElf_Sym *symbol, const char *name)
{
	unsigned *set = symbol->st_shndx == SHN_UNDEF ? &r->uses : &r->defines;

	for (size_t i = 0; i < COUNT(functions); i++)
		if (*name == *functions[i].name && !strcmp(name, functions[i].name))
			*set |= BIT(functions[i].function);
}

static void read_symbols(struct reading *r, const struct dynamic *d)
{
	size_t offset = offset_of(r, d->strings), size = r->size - offset;
	Elf_Data *data = chunk(r, offset_of(r, d->symbols), ELF_T_SYM, count_symbols(r, d));
	GElf_Sym symbol;

	if (size > d->strings_size)
		size = d->strings_size;
	/* With a NUL at the end of the strings, each symbol's name has an end. */
	if (!data || !size || r->bytes[offset + size - 1] != '\0')
		return;
	for (int i = 1; gelf_getsym(data, i, &symbol); i++)
		if (symbol.st_name < size)
			note_symbol(r, &symbol, r->bytes + offset + symbol.st_name);
}

static int take_string(struct reading *r, const struct dynamic *d, size_t i, char **to)
{
	const char *s = string_at(r, d, i);

	if (!s) {
		r->o->whole = false;
		return 0;
	}
	free(*to);
	*to = strdup(s);
	return *to ? 0 : -1;
}

static int read_entries(struct reading *r, const struct dynamic *d)
{
	struct object *o = r->o;
	size_t n_needed = 0;
	int rv = 0;
	GElf_Dyn e;

	o->needed = calloc(d->n + 1, sizeof(*o->needed));
	if (!o->needed)
		return -1;
	for (size_t i = 0; rv == 0 && i < d->n && gelf_getdyn(d->entries, (int)i, &e); i++) {
		if (e.d_tag == DT_NULL)
			break;
		if (e.d_tag == DT_NEEDED)
			rv = take_string(r, d, e.d_un.d_val, &o->needed[n_needed]);
		else if (e.d_tag == DT_SONAME)
			rv = take_string(r, d, e.d_un.d_val, &o->soname);
		else if (e.d_tag == DT_RPATH)
			rv = take_string(r, d, e.d_un.d_val, &o->rpath);
		else if (e.d_tag == DT_RUNPATH)
			rv = take_string(r, d, e.d_un.d_val, &o->runpath);
		else if (e.d_tag == DT_FLAGS_1 && e.d_un.d_val & DF_1_NODEFLIB)
			o->no_default_folders = true;
		if (e.d_tag == DT_FLAGS_1 && e.d_un.d_val & DF_1_PIE)
			o->library = false;
		if (n_needed < d->n && o->needed[n_needed])
			n_needed++;
	}
	return rv;
}

static int read_dynamic(struct reading *r, const GElf_Phdr *segment)
{
	size_t element = gelf_fsize(r->elf, ELF_T_DYN, 1, EV_CURRENT);
	struct dynamic d = { 0 };
	GElf_Dyn e;

	if (segment->p_offset > r->size)
		return 0;
	d.entries = chunk(r, segment->p_offset, ELF_T_DYN, segment->p_filesz / element);
	if (!d.entries)
		return 0;
	d.n = d.entries->d_size / sizeof(GElf_Dyn);
	if (r->o->class == ELFCLASS32)
		d.n = d.entries->d_size / sizeof(Elf32_Dyn);
	for (size_t i = 0; i < d.n && gelf_getdyn(d.entries, (int)i, &e); i++) {
		if (e.d_tag == DT_STRTAB)
			d.strings = e.d_un.d_ptr;
		else if (e.d_tag == DT_STRSZ)
			d.strings_size = e.d_un.d_val;
		else if (e.d_tag == DT_SYMTAB)
			d.symbols = e.d_un.d_ptr;
	}
	read_symbols(r, &d);
	return read_entries(r, &d);
}

/* --- all of it */

static void find_go(struct reading *r, const char *at, size_t size)
{
	static const char magic[] = "\xff Go buildinf:";

	if (memmem(at, size, magic, sizeof(magic) - 1))
		r->is_go = true;
}

static bool has_section(struct reading *r, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	const char *found;
	size_t names;

	if (elf_getshdrstrndx(r->elf, &names) < 0)
		return false;
	while ((section = elf_nextscn(r->elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		found = elf_strptr(r->elf, names, header.sh_name);
		if (found && !strcmp(found, name))
			return true;
	}
	return false;
}

/* Puts STACK where it belongs, when it was seen as a library's FUNCTION or by TEXT. */
static void conclude_stack(struct reading *r, enum stack stack, enum function function,
			   enum text text)
{
	if (r->o->library && r->defines & BIT(function))
		r->o->provides |= STACK_BIT(stack);
	else if (r->has & BIT(text))
		r->o->holds |= STACK_BIT(stack);
}

static void conclude(struct reading *r)
{
	struct object *o = r->o;
	bool dlopens = r->uses & BIT(DLOPEN);

	o->is_libcrypto = o->library && r->defines & BIT(OPENSSL_VERSION);
	/* libssl and libcrypto in one: what it calls of itself is out of reach. */
	if (r->has & BIT(OPENSSL_CIPHERS)) {
		if (o->library && r->defines & BIT(SSL_CTX_NEW) && !o->is_libcrypto)
			o->provides |= STACK_BIT(STACK_OPENSSL);
		else
			o->holds |= STACK_BIT(STACK_OPENSSL);
	}
	/* Others export functions of OpenSSL's names, too. */
	if (r->has & BIT(BORINGSSL_SOURCE))
		conclude_stack(r, STACK_BORINGSSL, SSL_CTX_NEW, BORINGSSL_SOURCE);
	conclude_stack(r, STACK_GNUTLS, GNUTLS_HANDSHAKE, GNUTLS_VARIABLE);
	conclude_stack(r, STACK_NSS, NSS_IMPORT_FD, NSS_VARIABLE);
	conclude_stack(r, STACK_MBEDTLS, MBEDTLS_HANDSHAKE, MBEDTLS_FUNCTION);
	if (o->library && r->defines & BIT(WOLFSSL_CONNECT))
		o->provides |= STACK_BIT(STACK_WOLFSSL);
	if (o->library && r->defines & BIT(JAVA_START))
		o->provides |= STACK_BIT(STACK_JAVA);
	if (r->has & BIT(RUSTLS_SOURCE))
		o->holds |= STACK_BIT(STACK_RUSTLS);
	if (r->has & BIT(HASKELL_MESSAGE))
		o->holds |= STACK_BIT(STACK_HASKELL);
	if (r->has & BIT(BUSYBOX_ERROR))
		o->holds |= STACK_BIT(STACK_BUSYBOX);
	if (r->is_go && r->has & BIT(GO_FUNCTION))
		o->holds |= STACK_BIT(STACK_GO);

	if (!((r->uses | r->defines) & BIT(SSL_CTX_NEW)) &&
	    (r->has & BIT(LIBSSL_FUNCTION) || (dlopens && r->has & BIT(LIBSSL_FILE))))
		o->may_load |= STACK_BIT(STACK_OPENSSL);
	if (dlopens && r->has & BIT(GNUTLS_FILE))
		o->may_load |= STACK_BIT(STACK_GNUTLS);
	if (dlopens && r->has & BIT(NSS_FILE))
		o->may_load |= STACK_BIT(STACK_NSS);
	o->may_load &= ~(o->provides | o->holds);
	o->defines_dlsym = r->defines & BIT(DLSYM);
	o->asks_gio = r->uses & BIT(GIO_TLS);
}

static bool is_in_file(const struct reading *r, const GElf_Phdr *segment)
{
	return (segment->p_type != PT_LOAD && segment->p_type != PT_DYNAMIC) ||
	       (segment->p_offset <= r->size && segment->p_filesz <= r->size - segment->p_offset);
}

static int read_elf(struct reading *r)
{
	struct object *o = r->o;
	bool interpreted = false;
	GElf_Phdr segment;
	GElf_Ehdr header;
	int rv = 0;

	r->bytes = elf_rawfile(r->elf, &r->size);
	if (!r->bytes || elf_kind(r->elf) != ELF_K_ELF || !gelf_getehdr(r->elf, &header) ||
	    elf_getphdrnum(r->elf, &r->n_segments) < 0)
		return 0;
	o->whole = true;
	o->class = header.e_ident[EI_CLASS];
	o->data = header.e_ident[EI_DATA];
	o->machine = header.e_machine;
	o->library = header.e_type == ET_DYN;
	for (size_t i = 0; rv == 0 && i < r->n_segments; i++) {
		if (!gelf_getphdr(r->elf, (int)i, &segment) || !is_in_file(r, &segment))
			o->whole = false;
		else if (segment.p_type == PT_INTERP)
			interpreted = true;
		else if (segment.p_type == PT_DYNAMIC && !o->needed)
			rv = read_dynamic(r, &segment);
	}
	if (interpreted)
		o->library = false;
	each_constant(r, find_texts);
	r->is_go = has_section(r, ".go.buildinfo");
	if (!r->is_go && r->has & BIT(GO_FUNCTION))
		find_go(r, r->bytes, r->size);
	conclude(r);
	if (o->is_libcrypto || o->holds & STACK_BIT(STACK_OPENSSL))
		each_constant(r, find_version);
	return rv;
}

static int read_file(struct object *o, int fd)
{
	struct reading r = { .o = o };
	struct stat st;
	int rv = 0;

	elf_version(EV_CURRENT);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		o->error = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
		return 0;
	}
	r.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (r.elf)
		rv = read_elf(&r);
	elf_end(r.elf);
	if (rv == 0 && !o->needed)
		o->needed = calloc(1, sizeof(*o->needed));
	return o->needed ? rv : -1;
}

struct object *object_read(const char *path)
{
	struct object *o = calloc(1, sizeof(*o));
	int fd, rv = 0;

	if (!o)
		return NULL;
	o->path = strdup(path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		o->error = errno;
	else
		rv = read_file(o, fd);
	if (fd >= 0)
		close(fd);
	if (o->path && rv == 0)
		return o;
	object_free(o);
	return NULL;
}

void object_free(struct object *o)
{
	if (!o)
		return;
	for (size_t i = 0; o->needed && o->needed[i]; i++)
		free(o->needed[i]);
	free(o->needed);
	free(o->path);
	free(o->soname);
	free(o->rpath);
	free(o->runpath);
	free(o);
}

const char *object_name(const struct object *o)
{
	const char *slash = strrchr(o->path, '/');

	return slash ? slash + 1 : o->path;
}

bool object_is_called(const struct object *o, const char *name)
{
	return (o->soname && !strcmp(o->soname, name)) || !strcmp(object_name(o), name);
}
