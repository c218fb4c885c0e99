/* SPDX-License-Identifier: MIT */
#include "system/config_check.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <md5.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "base/words.h"
#include "system/complaint.h"
#include "system/secret.h"
#include "system/url.h"

enum { WHY_BYTES = 16 * 1024, KEY_BYTES = 128, MD5_DIGITS = 32, NAME_CHARS = 64 };

/* Where a setting of this site was written; 0 if it was not. */
static unsigned line_of(const struct draft *draft, const char *name)
{
	const struct setting *s = setting_find(name);
	assert(s && !s->is_global);
	return draft->lines[setting_index(s)];
}

static void complain(const struct check *check, const struct draft *draft,
	const char *name, const char *words)
{
	complaints_add(check->complaints, line_of(draft, name), "%s: %s", name, words);
}

static void check_presence(const struct check *check, const struct draft *draft)
{
	static const char *const needed[] = {"website_code", "url", "spool"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!line_of(draft, needed[i]))
			complaints_add(check->complaints, draft->line,
				_("%s is missing: write it (%s)"), needed[i],
				_(setting_find(needed[i])->help));
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._-", c));
}

/* A code may hold what would be hard to read in a log: then a '-' stands for it. */
static char *name_from_code(const char *code)
{
	auto_buf struct buf name = {.max_bytes = NAME_CHARS};
	for (size_t step; *code; code += step) {
		step = text_char_len(code, strlen(code));
		bool fits = step == 1 && is_name_char(*code);
		buf_add(&name, fits ? code : "-", 1);
	}
	return buf_take(&name);
}

static void check_name(const struct check *check, struct draft *draft)
{
	struct site_config *site = &draft->site;
	site->is_named = site->name != NULL;
	if (!site->name && site->website_code)
		site->name = name_from_code(site->website_code);
	if (!line_of(draft, "name") || !site->name)
		return;
	for (const char *at = site->name; *at; at++) {
		if (!is_name_char(*at)) {
			complain(check, draft, "name",
				_("holds something else than letters, digits, '.', '_' "
				  "and '-': leave only these"));
			return;
		}
	}
}

static void check_url(const struct check *check, struct draft *draft)
{
	struct site_config *site = &draft->site;
	if (!site->url)
		return;

	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	auto_free char *normal = NULL;
	if (url_normalize(site->url, &normal, &why) < 0) {
		complain(check, draft, "url", buf_peek(&why));
		return;
	}
	if (!site->allow_plaintext && url_is_plaintext_abroad(normal))
		complain(check, draft, "url",
			_("plain http shows key and comments to the network: write "
			  "https, or consent by allow_plaintext = true"));
	free(site->url);
	site->url = take_ptr(normal);
}

static bool is_proxy_scheme(const char *text, size_t len)
{
	static const char *const schemes[] = {
		"http", "https", "socks4", "socks4a", "socks5", "socks5h", NULL};
	for (size_t i = 0; schemes[i]; i++)
		if (strlen(schemes[i]) == len && !strncasecmp(schemes[i], text, len))
			return true;
	return false;
}

static void check_proxy(const struct check *check, const struct draft *draft)
{
	const char *proxy = draft->site.proxy;
	if (!proxy)
		return;
	const char *host = strstr(proxy, "://");
	if (host && !is_proxy_scheme(proxy, (size_t)(host - proxy)))
		complain(check, draft, "proxy",
			_("is of an unknown kind: write http://, https://, socks4://, "
			  "socks4a://, socks5:// or socks5h://"));
	host = host ? host + 3 : proxy;
	if (!*host || strchr(proxy, ' '))
		complain(check, draft, "proxy",
			_("names no host: write http://HOST:PORT"));
	if (strchr(host, '@') && (check->mode & S_IRWXO))
		complain(check, draft, "proxy",
			_("holds a password, and everyone can read this file: take away "
			  "their right to (chmod 640)"));
}

static void check_pattern(const struct check *check, const struct draft *draft)
{
	if (draft->site.pattern && strchr(draft->site.pattern, '/'))
		complain(check, draft, "pattern",
			_("holds a '/': write a pattern for names, as *.xml"));
}

struct pair {
	const char *less, *more;
	msec_t less_value, more_value;
	bool may_be_equal;
};

/* Defaults keep the rules, so one of the two was written: the last one is blamed. */
static void check_pair(
	const struct check *check, const struct draft *draft, const struct pair *pair)
{
	if (pair->less_value < pair->more_value ||
		(pair->may_be_equal && pair->less_value == pair->more_value))
		return;

	auto_buf struct buf less = {.max_bytes = WHY_BYTES};
	auto_buf struct buf more = {.max_bytes = WHY_BYTES};
	units_add_duration(&less, pair->less_value);
	units_add_duration(&more, pair->more_value);
	unsigned less_line = line_of(draft, pair->less);
	unsigned more_line = line_of(draft, pair->more);
	complaints_add(check->complaints, less_line > more_line ? less_line : more_line,
		pair->may_be_equal ? _("%s (%s) must not be more than %s (%s): lower the "
				       "one or raise the other")
				   : _("%s (%s) must be less than %s (%s): lower the one "
				       "or raise the other"),
		pair->less, buf_peek(&less), pair->more, buf_peek(&more));
}

static void check_order(const struct check *check, const struct draft *draft)
{
	const struct site_config *site = &draft->site;
	const struct pair pairs[] = {
		{"retry_min", "retry_max", site->retry_min, site->retry_max, true},
		{"connect_timeout", "request_timeout", site->connect_timeout,
			site->request_timeout, false},
		{"request_target", "request_timeout", site->request_target,
			site->request_timeout, false},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		check_pair(check, draft, &pairs[i]);
}

/* What a shop would refuse for ever, because it compares texts. NULL: nothing. */
static const char *key_fault(const char *key)
{
	size_t len = strlen(key);
	if (len > KEY_BYTES)
		return _("is too long for a key: at most 128 characters are allowed");
	bool is_hex = len == MD5_DIGITS;
	bool has_upper = false;
	for (const char *at = key; *at; at++) {
		if (*at <= ' ' || *at > '~')
			return _("holds a space or a character beyond ASCII: leave only "
				 "the key in it");
		is_hex = is_hex && isxdigit((unsigned char)*at);
		has_upper = has_upper || isupper((unsigned char)*at);
	}
	if (is_hex && has_upper)
		return _("holds a key in upper case, which shops refuse: write it in "
			 "lower case");
	return NULL;
}

/* Reads the secret that a setting names, or complains and gives NULL. */
static char *read_secret(const struct check *check, const struct draft *draft,
	const char *name, const char *path)
{
	char *secret = NULL;
	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	if (secret_read(path, check->owner, &secret, &why) < 0)
		complain(check, draft, name, buf_peek(&why));
	return secret;
}

static void read_key(const struct check *check, struct draft *draft)
{
	const char *path = draft->site.key_file;
	auto_secret char *key = read_secret(check, draft, "key_file", path);
	const char *fault = key ? key_fault(key) : NULL;
	if (fault)
		complaints_add(check->complaints, line_of(draft, "key_file"),
			"key_file: %s %s", path, fault);
	else
		draft->site.key = take_ptr(key);
}

/* The shop's own rule: the lower-case hex MD5 of login, a hyphen, password. */
static void make_key(const struct check *check, struct draft *draft)
{
	struct site_config *site = &draft->site;
	auto_secret char *password =
		read_secret(check, draft, "password_file", site->password_file);
	if (!password)
		return;

	auto_secret char *joined = xcalloc(strlen(site->login) + strlen(password) + 2, 1);
	char *end = stpcpy(joined, site->login);
	*end++ = '-';
	stpcpy(end, password);
	site->key = xcalloc(MD5_DIGITS + 1, 1);
	MD5Data((const uint8_t *)joined, strlen(joined), site->key);
}

/* What is wrong with the choice of how the key is given, or NULL. */
static const char *key_choice_fault(const struct draft *draft, unsigned *line)
{
	unsigned key = line_of(draft, "key_file");
	unsigned login = line_of(draft, "login");
	unsigned password = line_of(draft, "password_file");
	unsigned other = login > password ? login : password;
	*line = key > other ? key : other;
	if (key && other)
		return _("key_file excludes login and password_file: keep one or the "
			 "other");
	if (login && !password)
		return _("login alone makes no key: write password_file too");
	if (password && !login)
		return _("password_file alone makes no key: write login too");
	if (!key && !other) {
		*line = draft->line;
		return _(
			"the key is missing: write key_file, or login and password_file");
	}
	return NULL;
}

static void check_key(const struct check *check, struct draft *draft)
{
	const struct site_config *site = &draft->site;
	unsigned line = 0;
	const char *fault = key_choice_fault(draft, &line);
	if (fault)
		complaints_add(check->complaints, line, "%s", fault);
	else if (check->with_secrets && site->key_file)
		read_key(check, draft);
	else if (check->with_secrets && site->login && site->password_file)
		make_key(check, draft);
}

static void check_basic_auth(const struct check *check, struct draft *draft)
{
	const char *path = draft->site.basic_auth_file;
	if (!path)
		return;
	auto_secret char *secret = read_secret(check, draft, "basic_auth_file", path);
	const char *colon = secret ? strchr(secret, ':') : NULL;
	if (secret && (!colon || colon == secret))
		complaints_add(check->complaints, line_of(draft, "basic_auth_file"),
			_("basic_auth_file: %s holds no user:password: write both, with "
			  "a colon between"),
			path);
	else
		draft->site.basic_auth = take_ptr(secret);
}

static void check_readable(const struct check *check, const struct draft *draft,
	const char *name, const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		complaints_add(check->complaints, line_of(draft, name),
			_("%s: %s cannot be read (%s): correct the path or its rights"),
			name, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		complaints_add(check->complaints, line_of(draft, name),
			_("%s: %s is not a regular file: give one"), name, path);
}

static void check_private_key(const struct check *check, const struct draft *draft,
	const char *name, const char *path)
{
	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	if (secret_check(path, check->owner, &why) < 0)
		complain(check, draft, name, buf_peek(&why));
}

/* Without client_key, the certificate's own file must hold the private key. */
static void check_tls(const struct check *check, const struct draft *draft)
{
	const struct site_config *site = &draft->site;
	if (site->ca_file)
		check_readable(check, draft, "ca_file", site->ca_file);
	if (site->client_key)
		check_private_key(check, draft, "client_key", site->client_key);
	if (site->client_cert && line_of(draft, "client_key"))
		check_readable(check, draft, "client_cert", site->client_cert);
	else if (site->client_cert)
		check_private_key(check, draft, "client_cert", site->client_cert);
	if (line_of(draft, "client_key") && !line_of(draft, "client_cert"))
		complain(check, draft, "client_key",
			_("is of no use alone: write client_cert too"));
}

void config_check_site(const struct check *check, struct draft *draft)
{
	if (draft->site.spool)
		draft->folder = realpath(draft->site.spool, NULL);
	if (draft->site.spool && !draft->folder)
		draft->folder = xstrdup(draft->site.spool);
	check_presence(check, draft);
	check_name(check, draft);
	check_url(check, draft);
	check_key(check, draft);
	check_proxy(check, draft);
	check_pattern(check, draft);
	check_order(check, draft);
	if (check->with_secrets) {
		check_basic_auth(check, draft);
		check_tls(check, draft);
	}
}

static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static unsigned later(const struct draft *a, const struct draft *b, const char *name)
{
	unsigned line_a = line_of(a, name);
	unsigned line_b = line_of(b, name);
	return line_a > line_b ? line_a : line_b;
}

static void check_two(
	const struct check *check, const struct draft *first, const struct draft *second)
{
	const struct site_config *a = &first->site;
	const struct site_config *b = &second->site;
	struct complaints *complaints = check->complaints;
	if (is_same(a->name, b->name)) {
		unsigned line = later(first, second, "name");
		complaints_add(complaints, line ? line : second->line,
			_("name: two sites are called %s (lines %u and %u): give each "
			  "its own name"),
			a->name, first->line, second->line);
	}
	if (is_same(first->folder, second->folder))
		complaints_add(complaints, later(first, second, "spool"),
			_("spool: the sites of lines %u and %u share one: give each its "
			  "own"),
			first->line, second->line);
	if (is_same(a->url, b->url) && is_same(a->website_code, b->website_code))
		complaints_add(complaints, later(first, second, "url"),
			_("url: the sites of lines %u and %u have the same url and "
			  "website_code: remove one of them"),
			first->line, second->line);
}

void config_check_neighbours(
	const struct check *check, const struct draft *drafts, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			check_two(check, &drafts[j], &drafts[i]);
}

static void check_user(const struct check *check, const char *user, unsigned line,
	const struct passwd *pw)
{
	if (!line && geteuid() == 0)
		complaints_add(check->complaints, 0,
			_("user is missing: root must write user = \"NAME\" (whom to "
			  "become), or user = \"root\" to stay root knowingly"));
	else if (user && !pw)
		complaints_add(check->complaints, line,
			_("user: there is no user %s: create it (useradd --system), or "
			  "correct the name"),
			user);
	else if (user && geteuid() != 0 && pw->pw_uid == 0)
		complaints_add(check->complaints, line,
			_("user: only root can run as %s: start as root, or write "
			  "another user"),
			user);
	else if (user && geteuid() != 0 && pw->pw_uid != geteuid())
		complaints_add(check->complaints, line,
			_("user: only root can become %s: start as root or as %s"), user,
			user);
}

uid_t config_check_user(const struct check *check, const char *user, unsigned line)
{
	const struct passwd *pw = user ? getpwnam(user) : NULL;
	if (check->is_daemon)
		check_user(check, user, line, pw);
	return pw ? pw->pw_uid : geteuid();
}
