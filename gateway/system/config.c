/* SPDX-License-Identifier: MIT */
#include "system/config.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "system/complaint.h"
#include "system/config_check.h"
#include "system/config_text.h"
#include "system/language.h"
#include "system/secret.h"
#include "system/setting.h"

enum { SITES_MAX = 1000, TEXT_BYTES = 4 * 1024 * 1024, WHY_BYTES = 16 * 1024 };

struct reader {
	struct config *config;
	char *folder;         /* that relative paths begin at */
	struct draft top;     /* the defaults of all sites */
	struct draft *drafts; /* the sites themselves */
	size_t count;
	struct complaints complaints;
	struct check check;
};

static void site_done(struct site_config *site)
{
	secret_free(take_ptr(site->key));
	secret_free(take_ptr(site->basic_auth));
	secret_free(take_ptr(site->proxy)); /* may hold a password */
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (!setting_at(i)->is_global)
			setting_done(setting_at(i), site);
}

static void draft_done(struct draft *draft)
{
	site_done(&draft->site);
	free(take_ptr(draft->folder));
}

static void reader_done(struct reader *reader)
{
	config_free(reader->config);
	free(reader->folder);
	draft_done(&reader->top);
	for (size_t i = 0; i < reader->count; i++)
		draft_done(&reader->drafts[i]);
	free(reader->drafts);
	complaints_done(&reader->complaints);
}

static void set_defaults(struct reader *reader)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		setting_set_default(s, s->is_global ? (void *)reader->config
						    : (void *)&reader->top.site);
	}
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = !slash          ? xstrdup(".")
				 : slash == path ? xstrdup("/")
						 : xstrndup(path, (size_t)(slash - path));
	char *real = realpath(folder, NULL);
	return real ? real : take_ptr(folder);
}

static struct value value_of(const config_setting_t *node)
{
	switch (config_setting_type(node)) {
	case CONFIG_TYPE_STRING:
		return (struct value){
			.kind = VALUE_TEXT, .text = config_setting_get_string(node)};
	case CONFIG_TYPE_INT64:
		return (struct value){
			.kind = VALUE_NUMBER, .number = config_setting_get_int64(node)};
	case CONFIG_TYPE_BOOL:
		return (struct value){.kind = VALUE_BOOLEAN,
			.truth = config_setting_get_bool(node) != 0};
	default:
		return (struct value){.kind = VALUE_OTHER};
	}
}

static void refuse_unknown(struct reader *reader, const config_setting_t *node)
{
	const char *name = config_setting_name(node);
	const char *meant = setting_suggest(name);
	unsigned line = config_setting_source_line(node);
	if (meant)
		complaints_add(&reader->complaints, line,
			_("%.60s: unknown setting: did you mean %s?"), name, meant);
	else
		complaints_add(&reader->complaints, line,
			_("%.60s: unknown setting: remove it"), name);
}

static void read_member(
	struct reader *reader, struct draft *draft, const config_setting_t *node)
{
	unsigned line = config_setting_source_line(node);
	const struct setting *s = setting_find(config_setting_name(node));
	if (!s) {
		refuse_unknown(reader, node);
		return;
	}
	if (s->is_global && draft != &reader->top) {
		complaints_add(&reader->complaints, line,
			_("%s: is one for all sites: write it outside of them"), s->name);
		return;
	}

	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	struct value value = value_of(node);
	void *owner = s->is_global ? (void *)reader->config : (void *)&draft->site;
	draft->lines[setting_index(s)] = line;
	if (setting_read(s, &value, reader->folder, owner, &why) < 0)
		complaints_add(
			&reader->complaints, line, "%s: %s", s->name, buf_peek(&why));
}

static void read_group(
	struct reader *reader, struct draft *draft, const config_setting_t *group)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *node =
			config_setting_get_elem(group, (unsigned)i);
		if (draft != &reader->top ||
			strcmp(config_setting_name(node), "sites") != 0)
			read_member(reader, draft, node);
	}
}

static struct draft *add_draft(struct reader *reader, unsigned line)
{
	struct draft *draft = &reader->drafts[reader->count++];
	memcpy(draft->lines, reader->top.lines, sizeof(draft->lines));
	draft->line = line;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (!setting_at(i)->is_global)
			setting_copy(setting_at(i), &reader->top.site, &draft->site);
	return draft;
}

static void read_site(struct reader *reader, const config_setting_t *node)
{
	unsigned line = config_setting_source_line(node);
	if (!config_setting_is_group(node)) {
		complaints_add(&reader->complaints, line,
			_("sites: holds something else than a site: write each as { ... "
			  "}"));
		return;
	}
	read_group(reader, add_draft(reader, line), node);
}

static void read_sites(struct reader *reader, const config_setting_t *sites)
{
	unsigned line = config_setting_source_line(sites);
	int count = config_setting_is_list(sites) ? config_setting_length(sites) : -1;
	if (count < 0)
		complaints_add(&reader->complaints, line,
			_("sites: a list is expected: write ( { ... }, { ... } )"));
	else if (count == 0)
		complaints_add(&reader->complaints, line,
			_("sites: is empty: write one, or remove it and set all at top "
			  "level"));
	else if (count > SITES_MAX)
		complaints_add(&reader->complaints, line,
			_("sites: holds %d sites: at most %d are allowed"), count,
			SITES_MAX);
	if (count <= 0 || count > SITES_MAX)
		return;

	reader->drafts = xcalloc((size_t)count, sizeof(*reader->drafts));
	for (int i = 0; i < count; i++)
		read_site(reader, config_setting_get_elem(sites, (unsigned)i));
}

static void check_all(struct reader *reader)
{
	struct check *check = &reader->check;
	const struct setting *user = setting_find("user");
	check->complaints = &reader->complaints;
	check->owner = config_check_user(
		check, reader->config->user, reader->top.lines[setting_index(user)]);
	for (size_t i = 0; i < reader->count; i++)
		config_check_site(check, &reader->drafts[i]);
	config_check_neighbours(check, reader->drafts, reader->count);
}

static void read_tree(struct reader *reader, const config_setting_t *root)
{
	read_group(reader, &reader->top, root);
	const config_setting_t *sites = config_setting_get_member(root, "sites");
	if (sites) {
		read_sites(reader, sites);
	} else {
		reader->drafts = xcalloc(1, sizeof(*reader->drafts));
		add_draft(reader, 0);
	}
	check_all(reader);
}

/* libconfig 1.5 leaks the one string at which it gives up, and nothing else. */
static void refuse_syntax(struct reader *reader, const config_t *tree)
{
	const char *text = config_error_text(tree);
	const char *cure = _("correct it");
	if (!strcmp(text, "syntax error"))
		cure = _("look for a missing semicolon, quote or bracket here or above");
	if (strstr(text, "include"))
		cure = _("@include is not supported, write all into this one file");
	complaints_add(&reader->complaints, (unsigned)config_error_line(tree), "%s: %s",
		text, cure);
}

/* An include would have libconfig exit() if it cannot be read; below a thing that is no
 * folder none is ever found. */
static void read_file(struct reader *reader)
{
	auto_buf struct buf text = {.max_bytes = TEXT_BYTES};
	if (config_text_read(reader->config->path, &text, &reader->check.mode,
		    &reader->complaints) < 0)
		return;

	auto_with(config_destroy) config_t tree = {.root = NULL};
	config_init(&tree);
	config_set_include_dir(&tree, "/dev/null");
	reader->folder = folder_of(reader->config->path);
	bool is_read = config_read_string(&tree, buf_peek(&text));
	const char *language = NULL;
	if (is_read && config_lookup_string(&tree, "language", &language))
		(void)language_set(language);
	if (is_read)
		read_tree(reader, config_root_setting(&tree));
	else
		refuse_syntax(reader, &tree);
}

static void take_sites(struct reader *reader)
{
	struct config *config = reader->config;
	config->sites = xcalloc(reader->count, sizeof(*config->sites));
	config->site_count = reader->count;
	for (size_t i = 0; i < reader->count; i++) {
		config->sites[i] = reader->drafts[i].site;
		reader->drafts[i].site = (struct site_config){.name = NULL};
	}
}

static int open_checked(
	const char *path, struct check check, struct config **config, struct buf *errors)
{
	auto_with(reader_done) struct reader reader = {.check = check};
	reader.config = xcalloc(1, sizeof(*reader.config));
	reader.config->path = xstrdup(path);
	set_defaults(&reader);
	read_file(&reader);
	if (reader.complaints.count) {
		complaints_tell(&reader.complaints, path, errors);
		return -EINVAL;
	}
	take_sites(&reader);
	*config = take_ptr(reader.config);
	return 0;
}

int config_open(const char *path, struct config **config, struct buf *errors)
{
	return open_checked(path, (struct check){.is_daemon = true, .with_secrets = true},
		config, errors);
}

int config_open_for_tool(
	const char *path, bool with_secrets, struct config **config, struct buf *errors)
{
	return open_checked(
		path, (struct check){.with_secrets = with_secrets}, config, errors);
}

static bool reaches(const struct config *config, const struct site_config *site,
	const char *name, const char *path, struct buf *errors)
{
	if (!path || access(path, R_OK) == 0)
		return true;
	buf_add_format(errors,
		_("%s: site %s: %s: %s cannot be read by user \"%s\" (%s): correct its "
		  "rights, or those of its folder\n"),
		config->path, site->name, name, path, config->user, strerror(errno));
	return false;
}

int config_check_reach(const struct config *config, struct buf *errors)
{
	bool is_good = true;
	for (size_t i = 0; config->user && i < config->site_count; i++) {
		const struct site_config *s = &config->sites[i];
		is_good = reaches(config, s, "ca_file", s->ca_file, errors) && is_good;
		is_good = reaches(config, s, "client_cert", s->client_cert, errors) &&
			  is_good;
		is_good = reaches(config, s, "client_key", s->client_key, errors) &&
			  is_good;
	}
	return is_good ? 0 : -EACCES;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->site_count; i++)
		site_done(&config->sites[i]);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (setting_at(i)->is_global)
			setting_done(setting_at(i), config);
	free(config->sites);
	free(config->path);
	free(config);
}

/* A name that nobody has set changes with website_code, and is not told beside it. */
static bool is_kept(const struct setting *setting, const struct site_config *now,
	const struct site_config *next)
{
	bool is_name = setting->offset == offsetof(struct site_config, name);
	return (is_name && !now->is_named && !next->is_named) ||
	       setting_is_equal(setting, now, next);
}

static bool may_replace_site(const struct config *next, size_t index,
	const struct site_config *now, struct buf *errors)
{
	bool may = true;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		if (s->is_global || !s->is_fixed || is_kept(s, now, &next->sites[index]))
			continue;
		may = false;
		buf_add_format(errors,
			_("%s: site %s: %s changed: needs a restart, which loses "
			  "nothing\n"),
			next->path, now->name, s->name);
	}
	return may;
}

int config_may_replace(
	const struct config *now, const struct config *next, struct buf *errors)
{
	if (now->site_count != next->site_count) {
		buf_add_format(errors,
			_("%s: the number of sites changed from %zu to %zu: needs a "
			  "restart, which loses nothing\n"),
			next->path, now->site_count, next->site_count);
		return -EPERM;
	}

	bool may = true;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		if (!s->is_global || !s->is_fixed || setting_is_equal(s, now, next))
			continue;
		may = false;
		buf_add_format(errors,
			_("%s: %s changed: needs a restart, which loses nothing\n"),
			next->path, s->name);
	}
	for (size_t i = 0; i < now->site_count; i++)
		may = may_replace_site(next, i, &now->sites[i], errors) && may;
	return may ? 0 : -EPERM;
}

void config_describe(struct buf *out)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		buf_add_format(
			out, "%s\t%s\t", s->name, s->standard ? s->standard : "none");
		setting_add_bounds(s, out);
		buf_add_format(out, "\t%s\n", s->help);
	}
}
