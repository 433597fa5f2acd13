/* SPDX-License-Identifier: MIT */
/*
 * A policy in memory: one flat, relocatable block without a pointer in it, made
 * by policy_parse() (policy_ini.c) and only read afterwards. Every reference
 * inside is an offset: of a text from where the texts begin, of all else from the
 * start of the block.
 *
 * A block may come from a file, and be damaged. policy_check_top() proves the head
 * and what belongs to the policy as a whole; a section or a revoked key is proved
 * when it is looked up (policy_find(), revoked_find()), and not before. Pure.
 */
#ifndef PINSHIM_POLICY_H
#define PINSHIM_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/name.h"
#include "pure/pin.h"

enum policy_mode { MODE_ENFORCE = 0, MODE_REPORT, MODE_OFF };
enum policy_action { ACTION_REFUSE = 0, ACTION_REPORT, ACTION_ALLOW };
enum policy_match { MATCH_EVERY = 0, MATCH_ANY };
enum policy_verify { VERIFY_FULL = 0, VERIFY_PROGRAM };

enum policy_wildcard {
	WILDCARD_NONE = 0, /* [api.example.com] */
	WILDCARD_LABEL,	   /* [*.example.com]: one label in place of the star */
	WILDCARD_SUBTREE,  /* [**.example.com]: the name and all below it */
};

enum pin_kind { PIN_KEY = 0, PIN_CERT, PIN_CA, PIN_DENY, PIN_REVOKED };

/* COUNT elements at byte AT of the block. */
struct policy_span {
	uint32_t at;
	uint32_t count;
};

/* Where something stands in the policy's files. */
struct policy_place {
	uint32_t file; /* text: the file's path */
	uint32_t line; /* from 1; 0 where a default holds */
};

struct policy_pin {
	uint8_t sha256[PIN_LEN];
	uint32_t kind; /* enum pin_kind */
	struct policy_place place;
};

/* A text value: log, exempt, revoked, ct-logs, ca-file. */
struct policy_value {
	uint32_t text; /* 0: not set */
	struct policy_place place;
};

struct policy_section {
	uint64_t check; /* of the rest, the name and the pins: policy_check.h */
	uint32_t name;	/* offset of the normal form, without any star; the pins follow behind it */
	struct policy_span pins;   /* struct policy_pin, in the order of the file, all kinds */
	struct policy_place place; /* of the section line */
	struct policy_value ca_file;
	uint32_t expires_day;  /* days since the epoch, UTC; UINT32_MAX: never. policy_expires() */
	uint32_t wildcard : 2; /* enum policy_wildcard */
	uint32_t mode : 2;     /* enum policy_mode; the policy's when not set here */
	uint32_t after_expiry : 2; /* enum policy_mode */
	uint32_t match : 1;	   /* enum policy_match */
	uint32_t verify : 1;	   /* enum policy_verify */
	uint32_t ct : 1;	   /* bool: ct = require */
	uint32_t tofu : 1;	   /* bool */
	uint32_t simulated : 1;	   /* bool: refused, whatever is shown: policy_refusing() */
	uint32_t spare : 21;	   /* 0 */
};

struct policy {
	uint64_t check; /* of the rest of the head, and of `top' */
	/* Some section is enforced at NOW when NOW < enforced_until or NOW >= enforced_from. */
	_Alignas(8) int64_t enforced_until; /* so aligned, a block is the same on every machine */
	int64_t enforced_from;
	uint32_t size;	   /* bytes of the whole block */
	uint32_t path;	   /* text: the file or folder that the policy was read from */
	uint32_t host;	   /* bool: the host's policy */
	uint32_t mode;	   /* enum policy_mode */
	uint32_t unlisted; /* enum policy_action */
	uint32_t unnamed;  /* enum policy_action */
	struct policy_place mode_place, unlisted_place, unnamed_place;
	uint32_t log_accepted;	     /* bool */
	uint32_t tofu;		     /* bool: of any section */
	struct policy_span index;    /* uint64_t: hash table of the sections, see policy_check.h */
	struct policy_span sections; /* struct policy_section, in the order of the files */
	struct policy_span top;	     /* bytes: what belongs to the policy as a whole; in it: */
	struct policy_span deny;     /* struct policy_pin, the top-level ones */
	struct policy_span logs, exempts, revoked; /* struct policy_value */
	struct policy_span ca_files; /* struct policy_value: each once, in the sections' order */
	struct policy_span texts;    /* bytes, the last of which is NUL */
	struct policy_span revoked_keys; /* struct policy_pin, sorted; see revoked.h */
	struct policy_value ct_logs;
	uint32_t spare; /* 0 */
			/* the arrays and texts follow */
};

/* One file of a policy, as its bytes. */
struct policy_text {
	const char *path; /* as it shall stand in messages */
	const char *bytes;
	size_t len;
};

#define POLICY_ERROR_SIZE 8192

/*
 * Reads N files as one policy. PATH is the policy's own name (the file or the
 * folder); HOST says that it is the host's, in which `tofu' is an error.
 *
 * Returns a block from malloc(3), of which p->size bytes are to be freed by the
 * caller with free(3), or NULL with ERROR holding "FILE:LINE: what is wrong;
 * what to write".
 */
struct policy *policy_parse(const struct policy_text *files, size_t n, const char *path, bool host,
			    char error[POLICY_ERROR_SIZE]);

/* What a caller may do itself while a block is made. */
struct policy_maker {
	/*
	 * Makes of the block OLD, of OLD_SIZE bytes, one of SIZE bytes, as realloc(3) does. OLD
	 * NULL: a new one; SIZE 0: none. NULL instead: realloc(3) and free(3).
	 */
	void *(*resize)(void *old, size_t old_size, size_t size);
	/* Is called now and then while texts are read, DONE of TOTAL bytes so far. Or NULL. */
	void (*progress)(size_t done, size_t total);
};

/* The same by MAKER, whose the block then is. */
struct policy *policy_parse_by(const struct policy_maker *maker, const struct policy_text *files,
			       size_t n, const char *path, bool host,
			       char error[POLICY_ERROR_SIZE]);

/*
 * The policy that refuses each of the names in LIST, which commas separate. TITLE
 * is what it was read from. The names are section titles; one may stand twice.
 * MAKER may be NULL, as if it were one of nothing but NULLs.
 *
 * Returns what policy_parse() returns; ERROR begins with TITLE and has no line.
 */
struct policy *policy_refusing(const struct policy_maker *maker, const char *list,
			       const char *title, char error[POLICY_ERROR_SIZE]);

/*
 * Proves the head of a block of SIZE bytes at P (8-aligned), and what belongs to
 * the policy as a whole: everything but the sections, what these refer to, the
 * index and the revoked keys. False: damaged, and nothing of it may be used.
 */
bool policy_check_top(const struct policy *p, size_t size);

/*
 * Finds the section that alone decides for NAME (normal form, of KIND): the
 * exact name, then the longest suffix, and of two equally long ones `*.'.
 * Wildcards never match addresses. FOUND gets NULL where there is none.
 *
 * Returns false when the block is damaged where it was looked at; then FOUND is
 * NULL, and nothing is known of the name. What is found is whole, with its pins
 * and all that it refers to.
 */
bool policy_find(const struct policy *p, const char *name, enum name_kind kind,
		 const struct policy_section **found);

/* The same for the section of exactly one title: NAME behind the star that WILDCARD is. */
bool policy_find_title(const struct policy *p, const char *name, enum policy_wildcard wildcard,
		       const struct policy_section **found);

/* Whether any section, whichever it is, is in force as `enforce' at NOW. */
bool policy_enforces(const struct policy *p, int64_t now);

/* Accessors. What they return lives as long as the block. */
const char *policy_string(const struct policy *p, uint32_t text);
const char *policy_name(const struct policy *p, const struct policy_section *s);
const struct policy_section *policy_sections(const struct policy *p, size_t *n);
const struct policy_pin *policy_pins(const struct policy *p, struct policy_span span, size_t *n);
const struct policy_value *policy_values(const struct policy *p, struct policy_span span,
					 size_t *n);

/* When the section expires: seconds since the epoch, 00:00 UTC of the day; INT64_MAX: never. */
int64_t policy_expires(const struct policy_section *s);

/* Writes the section's name as it stands between its brackets, "*.example.com", to OUT; returns
 * OUT. */
#define POLICY_TITLE_SIZE (NAME_SIZE + 3)
char *policy_title(const struct policy *p, const struct policy_section *s,
		   char out[POLICY_TITLE_SIZE]);

/*
 * Whether PATH, an absolute path, matches PATTERN, in which `*' stands for any
 * characters but `/' and `?' for one.
 */
bool policy_glob(const char *pattern, const char *path);

/* The word that the policy format has for a value: "enforce", "refuse", "pin-ca" ... */
const char *policy_mode_word(enum policy_mode mode);

/* The mode that WORD is; false when it is none, and MODE is untouched. */
bool policy_mode_of(const char *word, enum policy_mode *mode);

const char *policy_action_word(enum policy_action action);
const char *policy_pin_word(enum pin_kind kind);

#endif
