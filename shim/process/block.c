/* SPDX-License-Identifier: MIT */
/*
 * Whole pages from mmap(2). Most blocks are one page from first to last, and cost
 * no other call but the one that seals them.
 */
#include "process/block.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_pages(size_t size)
{
	const size_t page = (size_t)getpagesize();

	return (size + page - 1) & ~(page - 1);
}

/* A size out of all bounds has other numbers than a lack of memory, and is one. */
static void *taken(void *pages)
{
	if (pages != MAP_FAILED)
		return pages;
	errno = ENOMEM;
	return NULL;
}

void *block_resize(void *old, size_t old_size, size_t size)
{
	const size_t was = whole_pages(old_size), needed = whole_pages(size);
	const int access = PROT_READ | PROT_WRITE;

	if (!old)
		return taken(mmap(NULL, needed, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	if (needed < was)
		munmap((char *)old + needed, was - needed);
	if (needed == 0)
		return NULL;
	if (needed <= was)
		return old;
	return taken(mremap(old, was, needed, MREMAP_MAYMOVE));
}

const struct policy *block_seal(struct policy *p)
{
	if (mprotect(p, p->size, PROT_READ) == 0)
		return p;
	block_free(p);
	return NULL;
}

void block_free(const struct policy *p)
{
	munmap((void *)(uintptr_t)p, p->size);
}
