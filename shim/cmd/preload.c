/* SPDX-License-Identifier: MIT */
/*
 * Reads just so much of ELF files as decides whether the loader serves them:
 * class and machine, the program interpreter, and what makes execve(2) turn on
 * the secure mode, in which LD_PRELOAD is ignored. Trusts no offset of a file.
 */
#include "cmd/preload.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

int preload_library(char path[PATH_MAX], char *why, size_t why_size)
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PRELOAD_LIBRARY));

	path[n > 0 ? n : 0] = '\0';
	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n > 0)
		strcpy(path + n, PRELOAD_LIBRARY);
	if (n <= 0 || access(path, F_OK) < 0)
		snprintf(path, PATH_MAX, "%s", PRELOAD_INSTALLED);
	/* LD_PRELOAD is split at blanks and colons, and $ORIGIN and the like are expanded. */
	if (!strpbrk(path, " :$"))
		return 0;
	snprintf(why, why_size,
		 "LD_PRELOAD cannot hold the path '%s'; install pinshim where no path has a blank, "
		 "':' or '$'",
		 path);
	return -1;
}

static int open_elf(const char *path, ElfW(Ehdr) * header, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		snprintf(why, why_size, "'%s' cannot be read: %s", path, strerror(errno));
		return -1;
	}
	if (pread(fd, header, sizeof(*header), 0) == sizeof(*header) &&
	    !memcmp(header->e_ident, ELFMAG, SELFMAG))
		return fd;
	snprintf(why, why_size, "'%s' is not a whole ELF file", path);
	close(fd);
	return -1;
}

static bool is_same_machine(const ElfW(Ehdr) * a, const ElfW(Ehdr) * b)
{
	return a->e_ident[EI_CLASS] == b->e_ident[EI_CLASS] &&
	       a->e_ident[EI_DATA] == b->e_ident[EI_DATA] && a->e_machine == b->e_machine;
}

/* Writes the program interpreter to PATH, "" when there is none. */
static int read_interpreter(int fd, const ElfW(Ehdr) * header, char path[PATH_MAX])
{
	ElfW(Phdr) segment;
	ssize_t n;

	*path = '\0';
	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (header->e_phentsize != sizeof(segment) ||
		    pread(fd, &segment, sizeof(segment),
			  (off_t)(header->e_phoff + i * sizeof(segment))) != sizeof(segment))
			return -1;
		if (segment.p_type != PT_INTERP)
			continue;
		if (segment.p_filesz == 0 || segment.p_filesz >= PATH_MAX)
			return -1;
		n = pread(fd, path, segment.p_filesz, (off_t)segment.p_offset);
		if (n != (ssize_t)segment.p_filesz)
			return -1;
		path[n] = '\0';
		return 0;
	}
	return 0;
}

static bool is_glibc_loader(const char *interpreter)
{
	static const char *const prefixes[] = { "ld-linux", "ld64.so.", "ld.so." };
	const char *slash = strrchr(interpreter, '/');
	const char *name = slash ? slash + 1 : interpreter;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* Whether the process that executes the file FD gains (or has gained) privileges: AT_SECURE. */
static bool gains_privileges(int fd, enum preload_caller caller)
{
	struct stat st;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	bool setuid, setgid, capable;

	if (fstat(fd, &st) < 0)
		return true;
	setuid = st.st_mode & S_ISUID;
	setgid = (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
	capable = fgetxattr(fd, "security.capability", NULL, 0) >= 0;
	if (caller == CALLER_ANYONE)
		return setuid || setgid || capable;
	if (setuid)
		uid = st.st_uid;
	if (setgid)
		gid = st.st_gid;
	if (uid != getuid() || gid != getgid())
		return true;
	/* Linux does not count root's file capabilities as gained. */
	return getuid() != 0 && capable;
}

static enum preload judge(int fd, const char *program, const ElfW(Ehdr) * header,
			  const ElfW(Ehdr) * library, enum preload_caller caller, char *why,
			  size_t why_size)
{
	char interpreter[PATH_MAX];

	if (!is_same_machine(header, library)) {
		snprintf(why, why_size, "'%s' is for another architecture than the shim", program);
		return PRELOAD_OTHER_MACHINE;
	}
	if (read_interpreter(fd, header, interpreter) < 0) {
		snprintf(why, why_size, "'%s' is not a whole ELF file", program);
		return PRELOAD_UNREADABLE;
	}
	if (!*interpreter) {
		snprintf(why, why_size, "'%s' is statically linked", program);
		return PRELOAD_STATIC;
	}
	if (!is_glibc_loader(interpreter)) {
		snprintf(why, why_size, "'%s' is loaded by '%s', which is not glibc's", program,
			 interpreter);
		return PRELOAD_OTHER_LOADER;
	}
	if (gains_privileges(fd, caller)) {
		snprintf(why, why_size,
			 "'%s' gains privileges (setuid, setgid or file capabilities), so the "
			 "loader ignores LD_PRELOAD",
			 program);
		return PRELOAD_PRIVILEGED;
	}
	return PRELOAD_WORKS;
}

enum preload preload_judge(const char *program, const char *library, enum preload_caller caller,
			   char *why, size_t why_size)
{
	ElfW(Ehdr) program_header, library_header;
	enum preload verdict;
	int fd;

	fd = open_elf(library, &library_header, why, why_size);
	if (fd < 0)
		return PRELOAD_UNREADABLE;
	close(fd);
	fd = open_elf(program, &program_header, why, why_size);
	if (fd < 0)
		return PRELOAD_UNREADABLE;
	verdict = judge(fd, program, &program_header, &library_header, caller, why, why_size);
	close(fd);
	return verdict;
}

int preload_check(const char *program, const char *library, char *why, size_t why_size)
{
	return preload_judge(program, library, CALLER_SELF, why, why_size) == PRELOAD_WORKS ? 0
											    : -1;
}
