/* SPDX-License-Identifier: MIT */
/*
 * The normal form of host names and addresses, for policies and connections
 * alike. It never resolves, guesses or repairs a name: what is not wholly a
 * host name or an address is bad. Labels may hold '_' and '-' anywhere, because
 * servers with such names exist and must be possible to pin.
 */
#include "pure/name.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#define LABEL_MAX_LEN 63 /* RFC 1035 section 2.3.4 */

/* What a label may hold, in small letters. A table, because big policies have many names. */
// clang-format off
static const char label_chars[UCHAR_MAX + 1] = {
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',
		'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',
		'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	['-'] = '-',
	['_'] = '_',
};
// clang-format on

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Why TEXT, which holds a ':', is not an IPv6 address. */
static const char *explain_colon(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t behind = len - (size_t)(colon - text) - 1;

	if (text[0] == '[')
		return "has brackets; write the address bare, as in 2001:db8::7";
	if (behind >= 2 && memcmp(colon + 1, "//", 2) == 0)
		return "is a URL; write the host name alone";
	if (memchr(text, '%', len))
		return "has a zone; write the address without it";
	if (!memchr(colon + 1, ':', behind))
		return "has a port; write the name or address alone";
	return "is not an IPv6 address; write it bare, as in 2001:db8::7";
}

static enum name_kind normalise_ipv6(const char *text, size_t len, char out[NAME_SIZE],
				     const char **why)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	*why = explain_colon(text, len);
	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return NAME_BAD;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, &address) != 1)
		return NAME_BAD;
	if (memcmp(address.s6_addr, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, address.s6_addr + sizeof(mapped), out, NAME_SIZE);
	else
		inet_ntop(AF_INET6, &address, out, NAME_SIZE);
	return NAME_ADDRESS;
}

/* OUT holds a well-formed host name whose last label is a number. */
static enum name_kind normalise_ipv4(char out[NAME_SIZE], const char **why)
{
	struct in_addr address;

	*why = "ends in a number and is not an IPv4 address; "
	       "write four numbers from 0 to 255 without leading zeros";
	if (inet_pton(AF_INET, out, &address) != 1)
		return NAME_BAD;
	inet_ntop(AF_INET, &address, out, NAME_SIZE);
	return NAME_ADDRESS;
}

/* Why C may not stand where it does. */
static const char *explain_char(char c)
{
	if (c == '.')
		return "has an empty label; write one dot between two labels";
	if (c == '/')
		return "has a '/'; write one host name or address alone";
	if (!label_chars[(unsigned char)c])
		return "has other than ASCII letters, digits, '-' and '_'; "
		       "write the name in its xn-- form";
	return "has a label longer than 63 characters; write a name that DNS can hold";
}

static enum name_kind normalise_host(const char *text, size_t len, char out[NAME_SIZE],
				     const char **why)
{
	size_t label = 0; /* characters of the current one */
	bool number = true;

	for (size_t i = 0; i < len; i++) {
		char c = label_chars[(unsigned char)text[i]];

		if (c && label < LABEL_MAX_LEN) {
			number = number && is_digit(c);
			label++;
			out[i] = c;
		} else if (text[i] == '.' && label > 0) {
			number = true;
			label = 0;
			out[i] = '.';
		} else {
			*why = explain_char(text[i]);
			return NAME_BAD;
		}
	}
	out[len] = '\0';
	*why = "has an empty label; write one dot between two labels";
	if (label == 0)
		return NAME_BAD;
	return number ? normalise_ipv4(out, why) : NAME_HOST;
}

static enum name_kind normalise(const char *text, size_t len, char out[NAME_SIZE], const char **why)
{
	*why = "is empty; write a host name or an address";
	if (len == 0)
		return NAME_BAD;
	if (memchr(text, ':', len))
		return normalise_ipv6(text, len, out, why);
	if (text[len - 1] == '.')
		len--;
	*why = "is longer than 253 characters; write a name that DNS can hold";
	if (len > NAME_MAX_LEN)
		return NAME_BAD;
	return normalise_host(text, len, out, why);
}

enum name_kind name_normalise(const char *text, size_t len, char out[NAME_SIZE], const char **why)
{
	const char *reason;
	enum name_kind kind = normalise(text, len, out, &reason);

	if (kind != NAME_BAD)
		return kind;
	out[0] = '\0';
	if (why)
		*why = reason;
	return NAME_BAD;
}

void name_printable(const char *text, char out[NAME_SIZE])
{
	size_t i = 0;

	for (; i < NAME_MAX_LEN && text[i]; i++)
		out[i] = text[i] > ' ' && text[i] < 0x7f ? text[i] : '?';
	if (text[i])
		out[i - 1] = '?';
	out[i] = '\0';
}

const char *name_parent(const char *host)
{
	const char *dot = strchr(host, '.');

	return dot ? dot + 1 : NULL;
}
