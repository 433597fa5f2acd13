/* SPDX-License-Identifier: MIT */
/*
 * Where mapped objects have their code, for programs that ask who calls them. It
 * looks nothing up by name and changes nothing.
 */
#ifndef PINSHIM_TEST_RANGE_H
#define PINSHIM_TEST_RANGE_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct range {
	uintptr_t low, high;
};

static inline void take_range(struct range *out, const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_flags & PF_X)
			*out = (struct range){ info->dlpi_addr + p->p_vaddr,
					       info->dlpi_addr + p->p_vaddr + p->p_memsz };
	}
}

static inline bool holds(const struct range *range, uintptr_t address)
{
	return address >= range->low && address < range->high;
}

#endif
