/* SPDX-License-Identifier: MIT */
/*
 * Reading mapped objects: ELF gABI (dynamic section, SysV hash) and the GNU
 * hash section that glibc's own lookup uses. Calls nothing of the dl* family
 * but dl_iterate_phdr(3), and nothing at all from inside its callback. What
 * must work early calls nothing that other objects may define, or the
 * sanitizers watch: their own start-up asks dlsym(3). The loader checks little of
 * what it maps, so nothing is read here that is not proved to lie in the object.
 */
#include "loader/elf.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#define VERSION_HIDDEN 0x8000 /* not the default version of its symbol */

/*
 * Whether the loader has relocated the addresses in the dynamic section differs by
 * machine. An object may be linked for higher addresses than those it is loaded at.
 */
static const void *pointer(const struct elf_object *o, ElfW(Addr) value)
{
	return (const void *)(value >= o->low && value < o->high ? value : value + o->base);
}

/* How many elements of SIZE bytes O has room for at ARRAY. */
static size_t room(const struct elf_object *o, const void *array, size_t size)
{
	uintptr_t at = (uintptr_t)array;

	return array && at >= o->low && at < o->high ? (o->high - at) / size : 0;
}

/* The same; nothing for an array whose elements would not be aligned. */
#define ROOM(o, array) \
	((uintptr_t)(array) % __alignof__(*(array)) ? (size_t)0 : room(o, array, sizeof(*(array))))

static bool is_entry(const struct elf_object *o, const ElfW(Dyn) * d)
{
	return ROOM(o, d) > 0 && d->d_tag != DT_NULL;
}

/* Fills in what O's dynamic section says. */
static bool read_dynamic(struct elf_object *o)
{
	ElfW(Xword) soname = 0;

	for (const ElfW(Dyn) *d = o->dynamic; is_entry(o, d); d++) {
		if (d->d_tag == DT_STRTAB)
			o->strings = pointer(o, d->d_un.d_ptr);
		else if (d->d_tag == DT_SYMTAB)
			o->symbols = pointer(o, d->d_un.d_ptr);
		else if (d->d_tag == DT_VERSYM)
			o->versions = pointer(o, d->d_un.d_ptr);
		else if (d->d_tag == DT_GNU_HASH)
			o->gnu_hash = pointer(o, d->d_un.d_ptr);
		else if (d->d_tag == DT_HASH)
			o->sysv_hash = pointer(o, d->d_un.d_ptr);
		else if (d->d_tag == DT_SONAME)
			soname = d->d_un.d_val;
	}
	if (!ROOM(o, o->strings) || !ROOM(o, o->symbols))
		return false;
	if (soname && soname < ROOM(o, o->strings))
		o->soname = o->strings + soname;
	return true;
}

static bool describe(const struct dl_phdr_info *info, struct elf_object *out)
{
	struct elf_object o = { .low = UINTPTR_MAX,
				.base = info->dlpi_addr,
				.path = info->dlpi_name };

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = o.base + ph->p_vaddr;

		if (ph->p_type == PT_DYNAMIC)
			o.dynamic = (const void *)start;
		if (ph->p_type != PT_LOAD)
			continue;
		if (start < o.low)
			o.low = start;
		if (start + ph->p_memsz > o.high)
			o.high = start + ph->p_memsz;
	}
	if (!o.dynamic || !read_dynamic(&o))
		return false;
	*out = o;
	return true;
}

struct walk {
	const void *address;
	const char *name;
	bool passed;
	void *symbol;
	struct elf_object *out;
};

static int find_owner(struct dl_phdr_info *info, size_t size, void *data)
{
	struct walk *walk = data;
	uintptr_t address = (uintptr_t)walk->address;
	struct elf_object o;

	(void)size;
	if (!describe(info, &o) || address < o.low || address >= o.high)
		return 0;
	*walk->out = o;
	return 1;
}

bool elf_owner(const void *address, struct elf_object *out)
{
	struct walk walk = { .address = address, .out = out };

	return dl_iterate_phdr(find_owner, &walk) == 1;
}

/*
 * Whether the string at TEXT in O is NAME. strcmp(3) does not know where O ends,
 * and is one of those that the sanitizers watch.
 */
static bool is_same(const struct elf_object *o, const char *text, const char *name)
{
	for (size_t left = ROOM(o, text); left; left--, text++, name++)
		if (!*text || *text != *name)
			return *text == *name;
	return false;
}

/* The loader, too, takes the first object in its list that bears the name. */
static int find_named(struct dl_phdr_info *info, size_t size, void *data)
{
	struct walk *walk = data;
	const char *slash;
	struct elf_object o;

	(void)size;
	if (!describe(info, &o))
		return 0;
	slash = strrchr(o.path, '/');
	if (strcmp(o.path, walk->name) && (!o.soname || !is_same(&o, o.soname, walk->name)) &&
	    (!slash || strcmp(slash + 1, walk->name)))
		return 0;
	*walk->out = o;
	return 1;
}

/* The string at OFFSET, or NULL where O ends before it does. */
static const char *string(const struct elf_object *o, ElfW(Xword) offset)
{
	const size_t size = ROOM(o, o->strings);

	if (offset >= size || !memchr(o->strings + offset, '\0', size - offset))
		return NULL;
	return o->strings + offset;
}

bool elf_needed(const struct elf_object *o, unsigned i, struct elf_object *out)
{
	for (const ElfW(Dyn) *d = o->dynamic; is_entry(o, d); d++) {
		struct walk walk = { .out = out };

		if (d->d_tag != DT_NEEDED || i--)
			continue;
		walk.name = string(o, d->d_un.d_val);
		return walk.name && dl_iterate_phdr(find_named, &walk) == 1;
	}
	return false;
}

static bool is_definition(const struct elf_object *o, uint32_t i, const char *name)
{
	const ElfW(Sym) * symbol;
	unsigned type;

	if (i >= ROOM(o, o->symbols))
		return false;
	symbol = &o->symbols[i];
	if (symbol->st_name >= ROOM(o, o->strings))
		return false;
	if (o->versions && (i >= ROOM(o, o->versions) || o->versions[i] & VERSION_HIDDEN))
		return false;
	type = symbol->st_info & 0xf; /* ELF32_ST_TYPE and ELF64_ST_TYPE alike */
	return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_NOTYPE) &&
	       is_same(o, o->strings + symbol->st_name, name);
}

static void *address_of(const struct elf_object *o, uint32_t i)
{
	return (void *)(o->base + o->symbols[i].st_value);
}

static void *gnu_lookup(const struct elf_object *o, const char *name)
{
	const uint32_t *table = o->gnu_hash, *buckets, *chain;
	const size_t head = 4, all = ROOM(o, table);
	uint32_t n_buckets, first, hash = 5381, i;
	size_t words, left;

	if (all < head)
		return NULL;
	n_buckets = table[0];
	first = table[1];
	words = table[2] * (sizeof(ElfW(Addr)) / 4);
	if (!n_buckets || words > all - head || n_buckets > all - head - words)
		return NULL;
	left = all - head - words - n_buckets;
	buckets = table + head + words;
	chain = buckets + n_buckets;
	for (const char *c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	for (i = buckets[hash % n_buckets]; i >= first && i && i - first < left; i++) {
		if ((chain[i - first] | 1) == (hash | 1) && is_definition(o, i, name))
			return address_of(o, i);
		if (chain[i - first] & 1)
			break;
	}
	return NULL;
}

static void *sysv_lookup(const struct elf_object *o, const char *name)
{
	const uint32_t *table = o->sysv_hash, *buckets, *chain;
	const size_t head = 2, all = ROOM(o, table);
	uint32_t n_buckets, n_chain, hash = 0;

	if (all < head)
		return NULL;
	n_buckets = table[0];
	n_chain = table[1];
	if (!n_buckets || n_buckets > all - head || n_chain > all - head - n_buckets)
		return NULL;
	buckets = table + head;
	chain = buckets + n_buckets;
	for (const char *c = name; *c; c++) {
		hash = (hash << 4) + (unsigned char)*c;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	/* No chain is longer than all of them, unless it comes back to itself. */
	for (uint32_t i = buckets[hash % n_buckets], n = 0; i && i < n_chain && n < n_chain;
	     i = chain[i], n++)
		if (is_definition(o, i, name))
			return address_of(o, i);
	return NULL;
}

void *elf_symbol(const struct elf_object *o, const char *name)
{
	if (o->gnu_hash)
		return gnu_lookup(o, name);
	return o->sysv_hash ? sysv_lookup(o, name) : NULL;
}

static int find_next(struct dl_phdr_info *info, size_t size, void *data)
{
	struct walk *walk = data;
	uintptr_t address = (uintptr_t)walk->address;
	struct elf_object o;

	(void)size;
	if (!describe(info, &o))
		return 0;
	if (walk->passed)
		walk->symbol = elf_symbol(&o, walk->name);
	else
		walk->passed = address >= o.low && address < o.high;
	return walk->symbol != NULL;
}

void *elf_next_symbol(const void *address, const char *name)
{
	struct walk walk = { .address = address, .name = name };

	dl_iterate_phdr(find_next, &walk);
	return walk.symbol;
}

/* The linker's: the headers of the object that this is linked into, at its base. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

bool elf_self(struct elf_object *out)
{
	const char *base = (const char *)&__ehdr_start;
	const struct dl_phdr_info info = { .dlpi_addr = (uintptr_t)base,
					   .dlpi_name = "",
					   .dlpi_phdr = (const void *)(base + __ehdr_start.e_phoff),
					   .dlpi_phnum = __ehdr_start.e_phnum };

	return describe(&info, out);
}

/* The loader's own list of objects, by the pointer that it leaves in the program for debuggers. */
static const struct link_map *first_object(void)
{
	const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
	const ElfW(Dyn) *dynamic = NULL;
	uintptr_t base = 0;
	bool based = false;

	for (unsigned long i = 0; headers && i < getauxval(AT_PHNUM); i++) {
		if (headers[i].p_type == PT_PHDR) {
			base = (uintptr_t)headers - headers[i].p_vaddr;
			based = true;
		} else if (headers[i].p_type == PT_DYNAMIC && based) {
			dynamic = (const void *)(base + headers[i].p_vaddr);
		}
	}
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == DT_DEBUG && dynamic->d_un.d_ptr)
			return ((const struct r_debug *)dynamic->d_un.d_ptr)->r_map;
	return NULL;
}

void *elf_early_next(const struct elf_object *behind, const char *name)
{
	const struct link_map *map = first_object();
	void *symbol = NULL;

	while (map && map->l_ld != behind->dynamic)
		map = map->l_next;
	while (map && !symbol && (map = map->l_next)) {
		/* How far it goes is not told here; what came with the program is taken for whole.
		 */
		struct elf_object o = { .low = map->l_addr,
					.high = UINTPTR_MAX,
					.base = map->l_addr,
					.dynamic = map->l_ld };

		if (read_dynamic(&o))
			symbol = elf_symbol(&o, name);
	}
	return symbol;
}
