/* SPDX-License-Identifier: MIT */
#include "system/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/words.h"

enum { HOST_BYTES = 256, PORT_DIGITS = 5, PORT_LAST = 65535, URL_BYTES = 4096 };

struct url {
	bool is_tls;
	char host[HOST_BYTES]; /* lower-case; an IPv6 address keeps its brackets */
	unsigned port;         /* 0: the standard one */
	const char *rest;      /* from the path on; borrowed */
};

static int fault(struct buf *why, const char *words)
{
	buf_add_text(why, words);
	return -EINVAL;
}

static bool is_ipv6(const char *host)
{
	char inner[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t len = strlen(host);
	if (len < 2 || len - 2 >= sizeof(inner) || host[len - 1] != ']')
		return false;
	memcpy(inner, host + 1, len - 2);
	inner[len - 2] = '\0';
	return inet_pton(AF_INET6, inner, &address) == 1;
}

static bool is_host(const char *host)
{
	if (*host == '[')
		return is_ipv6(host);
	for (const char *at = host; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-._", *at))
			return false;
	return *host && *host != '.';
}

static char lower(char c)
{
	if (c < 'A' || c > 'Z')
		return c;
	return (char)(c | 0x20);
}

static int read_host(const char *authority, size_t len, struct url *url, struct buf *why)
{
	if (len >= HOST_BYTES)
		return fault(why, _("the host's name is too long: correct it"));
	for (size_t i = 0; i < len; i++)
		url->host[i] = lower(authority[i]);
	url->host[len] = '\0';
	if (!is_host(url->host))
		return fault(why, _("has no proper host: write https://HOST/PATH (a host "
				    "with accents in its xn-- form)"));
	return 0;
}

static int read_port(const char *digits, size_t len, struct url *url, struct buf *why)
{
	unsigned port = 0;
	bool fits = len >= 1 && len <= PORT_DIGITS;
	for (size_t i = 0; i < len && fits; i++) {
		fits = isdigit((unsigned char)digits[i]) != 0;
		port = port * 10 + (unsigned)(digits[i] - '0');
	}
	if (!fits || port < 1 || port > PORT_LAST)
		return fault(
			why, _("has no proper port: write a number from 1 to 65535"));
	url->port = port == (url->is_tls ? 443U : 80U) ? 0 : port;
	return 0;
}

static int check_characters(const char *text, struct buf *why)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~')
			return fault(why, _("holds a space or a character beyond ASCII: "
					    "write it percent-encoded"));
	if (strchr(text, '#'))
		return fault(why, _("holds a '#': a fragment is never sent, remove it"));
	return 0;
}

static int parse(const char *text, struct url *url, struct buf *why)
{
	bool is_plain = !strncasecmp(text, "http://", 7);
	url->is_tls = !strncasecmp(text, "https://", 8);
	if (!is_plain && !url->is_tls)
		return fault(why, _("does not begin with https:// (or http://): write "
				    "the whole address"));
	int r = check_characters(text, why);
	if (r < 0)
		return r;

	const char *authority = text + (url->is_tls ? 8 : 7);
	size_t len = strcspn(authority, "/?");
	if (memchr(authority, '@', len))
		return fault(why, _("holds a user or a password: move them to a file and "
				    "name it by basic_auth_file"));
	url->rest = authority + len;

	const char *bracket = memchr(authority, ']', len);
	const char *from = bracket ? bracket : authority;
	const char *colon = memchr(from, ':', len - (size_t)(from - authority));
	size_t host_len = colon ? (size_t)(colon - authority) : len;
	r = read_host(authority, host_len, url, why);
	if (r == 0 && colon)
		r = read_port(colon + 1, len - host_len - 1, url, why);
	return r;
}

int url_normalize(const char *text, char **normal, struct buf *why)
{
	struct url url = {.rest = NULL};
	int r = parse(text, &url, why);
	if (r < 0)
		return r;

	auto_buf struct buf out = {.max_bytes = URL_BYTES};
	buf_add_format(&out, "%s://%s", url.is_tls ? "https" : "http", url.host);
	if (url.port)
		buf_add_format(&out, ":%u", url.port);
	if (*url.rest != '/')
		buf_add_char(&out, '/');
	buf_add_text(&out, url.rest);
	if (buf_finish(&out) < 0)
		return fault(why, _("is too long: correct it"));
	*normal = buf_take(&out);
	return 0;
}

static bool is_loopback(const char *host)
{
	struct in_addr v4;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return !strcmp(host, "localhost") || !strcmp(host, "[::1]");
}

bool url_is_plaintext_abroad(const char *normal)
{
	struct url url = {.rest = NULL};
	auto_buf struct buf why = {.max_bytes = 0};
	return parse(normal, &url, &why) == 0 && !url.is_tls && !is_loopback(url.host);
}
