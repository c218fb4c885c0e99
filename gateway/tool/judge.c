/* SPDX-License-Identifier: MIT */
#include "tool/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "system/config.h"
#include "system/io.h"
#include "system/setting.h"
#include "tool/tool.h"

struct judge {
	struct schema *schema;
	struct document_rules document;
	struct site_config usual; /* where there is no configuration */
};

static const struct site_config *usual_config(struct judge *judge)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (!setting_at(i)->is_global)
			setting_set_default(setting_at(i), &judge->usual);
	return &judge->usual;
}

static bool is_below(const char *folder, const char *path)
{
	auto_free char *real = realpath(folder, NULL);
	size_t len = real ? strlen(real) : 0;
	return len && !strncmp(path, real, len) && path[len] == '/';
}

size_t judge_choose_site(const struct tool *tool, const char *file)
{
	if (tool->site_count <= 1)
		return 0;
	auto_free char *real = realpath(file, NULL);
	for (size_t i = 0; real && i < tool->site_count; i++)
		if (is_below(tool->sites[i].config->spool, real))
			return i;
	tool_complain(_("%s: which site's rules? Name it by --site"), file);
	return SIZE_MAX;
}

struct judge *judge_open(const struct site_config *config)
{
	auto_with(judge_cleanup) struct judge *judge = xcalloc(1, sizeof(*judge));
	auto_free char *why = NULL;
	if (!config)
		config = usual_config(judge);
	judge->document = (struct document_rules){
		.website_code = config->website_code,
		.shop_limits = config->shop_limits,
		.max_bytes = (size_t)config->max_file_size,
	};
	if (schema_open(config->schema, &judge->schema, &why) == 0)
		return take_ptr(judge);
	tool_complain(_("%s: this schema cannot be used: %s"), config->schema, why);
	return NULL;
}

void judge_close(struct judge *judge)
{
	if (!judge)
		return;
	schema_free(judge->schema);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (!setting_at(i)->is_global)
			setting_done(setting_at(i), &judge->usual);
	free(judge);
}

static int read_open(const struct judge *judge, int fd, struct reading *reading)
{
	struct stat st;
	size_t len = 0;
	int r = io_stat(fd, &st);
	if (r < 0)
		return r;
	/* One byte more than is allowed shows that it is too much. */
	size_t max = judge->document.max_bytes;
	size_t size = (size_t)st.st_size < max ? (size_t)st.st_size : max;
	auto_free char *bytes = xcalloc(size + 1, 1);
	r = io_read(fd, bytes, size + 1, &len);
	if (r == 0)
		r = document_read(judge->schema, &judge->document, bytes, len, reading);
	return r;
}

/* Not blocking: a FIFO has no writer perhaps. */
int judge_read_path(const struct judge *judge, const char *path, struct reading *reading)
{
	struct stat st;
	auto_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? read_open(judge, fd, reading) : -EINVAL;
}

int judge_read_drop(const struct judge *judge, const struct spool *spool,
	enum folder folder, const char *name, struct reading *reading)
{
	auto_close int fd = -1;
	struct stat st;
	int r = spool_peek(spool, folder, name, &fd, &st);
	return r < 0 ? r : read_open(judge, fd, reading);
}

const char *judge_verdict_words(enum verdict verdict)
{
	static const char *const words[] = {
		[VERDICT_VALID] = N_("valid"),
		[VERDICT_BROKEN_OFF] = N_("breaks off"),
		[VERDICT_MALFORMED] = N_("not readable as XML"),
		[VERDICT_REFUSED] = N_("not a comment file"),
		[VERDICT_INVALID] = N_("not valid"),
		[VERDICT_OVERSIZE] = N_("too large"),
	};
	return _(words[verdict]);
}

const char *judge_trouble_words(int r)
{
	if (r == -EISDIR)
		return _("this is a folder: name the files in it");
	return r == -EINVAL ? _("this is not a file that can be read")
			    : strerrordesc_np(-r);
}
