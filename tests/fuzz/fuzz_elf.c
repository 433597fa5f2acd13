/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as an object that the loader has mapped. Whatever stands
 * in its tables, nothing outside is read, no search goes on for ever, and what is
 * found is a symbol of the object that has the name.
 */
#include <link.h>

/* The loader's list: this object, twice. */
static int list(int (*each)(struct dl_phdr_info *info, size_t size, void *data), void *data);

#define dl_iterate_phdr list
#include "loader/elf.c"
#undef dl_iterate_phdr

#include "fuzz.h"

static char *image;
static size_t image_size, dynamic_at;

static int list(int (*each)(struct dl_phdr_info *info, size_t size, void *data), void *data)
{
	const ElfW(Phdr) headers[] = {
		{ .p_type = PT_LOAD, .p_memsz = image_size },
		{ .p_type = PT_DYNAMIC, .p_vaddr = dynamic_at },
	};
	struct dl_phdr_info info = {
		.dlpi_addr = (ElfW(Addr))image,
		.dlpi_name = "/lib/fuzz.so",
		.dlpi_phdr = headers,
		.dlpi_phnum = 2,
	};

	for (int i = 0; i < 2; i++) {
		int rv = each(&info, sizeof(info), data);

		if (rv)
			return rv;
	}
	return 0;
}

/* What is found must be what some symbol that has NAME says. */
static void check_found(const struct elf_object *o, const char *name, const void *found)
{
	const size_t len = strlen(name) + 1;
	uintptr_t strings = (uintptr_t)o->strings - (uintptr_t)image;

	if (!found)
		return;
	for (size_t at = 0; at + sizeof(ElfW(Sym)) <= image_size; at += 4) {
		ElfW(Sym) symbol;

		memcpy(&symbol, image + at, sizeof(symbol));
		if (o->base + symbol.st_value == (uintptr_t)found &&
		    strings + symbol.st_name + len <= image_size &&
		    !memcmp(image + strings + symbol.st_name, name, len))
			return;
	}
	must(!"a symbol of that name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "SSL_CTX_new", "a", "dlsym", "" };
	struct elf_object o, needed;

	if (size < 2)
		return 0;
	/* Where the dynamic section is, in words; then the object. */
	dynamic_at = data[0] * sizeof(void *) + data[1];
	image_size = size - 2;
	image = malloc(image_size + !image_size);
	must(image);
	memcpy(image, data + 2, image_size);
	if (elf_owner(image, &o)) {
		must(o.low == (uintptr_t)image && o.high == o.low + image_size);
		for (unsigned i = 0; i < 1000 && elf_needed(&o, i, &needed); i++)
			must(needed.dynamic == o.dynamic);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			check_found(&o, names[i], elf_symbol(&o, names[i]));
			check_found(&o, names[i], elf_next_symbol(image, names[i]));
		}
	}
	must(!elf_owner(image + image_size, &o));
	free(image);
	return 0;
}
