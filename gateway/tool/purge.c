/* SPDX-License-Identifier: MIT
 *
 * What may go is told by the day of a folder in sent/, on which its files were delivered,
 * or of a file in audit/. The time before a file's name is that of its claim, and may be
 * days earlier. Times of files are not asked, for a backup that was put back would make
 * all of them new; but in the day of the border the time of change is, which is not before
 * that of the move there.
 *
 * Two passes by the same rules: the first counts and shows, the second deletes. The
 * latest files of audit/, from which a gateway goes on, stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/audit.h"
#include "system/clock.h"
#include "system/io.h"
#include "tool/access.h"
#include "tool/commands.h"
#include "tool/folder.h"
#include "tool/print.h"
#include "tool/tool.h"

enum { FIELDS = 5, WORDS_MAX_BYTES = 8 * 1024 };

/* A day of sent/ or audit/ of which something may go. */
struct old_day {
	const struct tool_site *site;
	enum folder folder;
	char day[SPOOL_DAY_LEN + 1];
	size_t files, deleted;
	uint64_t bytes, freed; /* freed: of those that are deleted */
};

struct purge {
	const struct tool *tool;
	usec_t before;
	char before_day[SPOOL_DAY_LEN + 1];     /* of this server: days of sent/ */
	char before_utc_day[SPOOL_DAY_LEN + 1]; /* days of audit/ */
	char today[SPOOL_DAY_LEN + 1];
	struct old_day *days;
	size_t count, room;
	int status;
};

/* --- which days --- */

static void add_day(struct purge *p, const struct tool_site *site, enum folder folder,
	const char *name)
{
	p->days = xgrow(p->days, &p->room, p->count + 1, sizeof(*p->days));
	struct old_day *day = &p->days[p->count++];
	*day = (struct old_day){.site = site, .folder = folder};
	snprintf(day->day, sizeof(day->day), "%.*s", SPOOL_DAY_LEN, name);
}

static void complain(
	struct purge *p, const struct tool_site *site, enum folder folder, int r)
{
	auto_buf struct buf why = {.max_bytes = WORDS_MAX_BYTES};
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", site->config->spool, folder_name(folder));
	if (r == -EACCES || r == -EPERM)
		access_explain(&why, path, ACCESS_CHANGE);
	else
		buf_add_format(&why, "%s: %s", path, strerrordesc_np(-r));
	tool_complain("%s", buf_peek(&why));
	p->status = EXIT_FAILURE;
}

/* The day before which files of audit/ may go. */
static int find_audit_end(
	const struct purge *p, const struct tool_site *site, char end[SPOOL_DAY_LEN + 1])
{
	char border[SPOOL_DAY_LEN + 1];
	int r = audit_find_border(site->spool, border);
	if (r < 0)
		return r;
	bool is_earlier = strcmp(border, p->before_utc_day) < 0;
	memcpy(end, is_earlier ? border : p->before_utc_day, SPOOL_DAY_LEN + 1);
	return 0;
}

/* In sent/ the day of `before` counts too: its earlier files may be old enough. */
static void find_days(struct purge *p, const struct tool_site *site, enum folder folder)
{
	char end[SPOOL_DAY_LEN + 1];
	bool is_audit = folder == FOLDER_AUDIT;
	auto_with(spool_closedirp) DIR *dir = spool_list(site->spool, folder);
	if (!dir) {
		complain(p, site, folder, -errno);
		return;
	}
	memcpy(end, p->before_day, sizeof(end));
	int r = is_audit ? find_audit_end(p, site, end) : 0;
	if (r < 0) {
		complain(p, site, folder, r);
		return;
	}
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		int order = strncmp(entry->d_name, end, SPOOL_DAY_LEN);
		if (spool_is_day(entry->d_name, is_audit ? AUDIT_SUFFIX : "") &&
			(order < 0 || (order == 0 && !is_audit)))
			add_day(p, site, folder, entry->d_name);
	}
	if (errno)
		complain(p, site, folder, -errno);
}

static int by_day(const void *a, const void *b)
{
	const struct old_day *da = a;
	const struct old_day *db = b;
	if (da->site != db->site)
		return da->site < db->site ? -1 : 1;
	if (da->folder != db->folder)
		return da->folder == FOLDER_SENT ? -1 : 1;
	return strcmp(da->day, db->day);
}

/* --- what is in them --- */

static bool is_old(const struct purge *p, const char *day, const struct stat *st)
{
	usec_t changed =
		(usec_t)st->st_ctim.tv_sec * USEC_SECOND + st->st_ctim.tv_nsec / 1000;
	return strcmp(day, p->before_day) < 0 || changed < p->before;
}

/* One of the passes over a day. */
struct pass {
	struct purge *purge;
	struct old_day *day;
	bool deletes;
	int trouble;
};

static void treat(struct pass *pass, const struct folder_entry *entry)
{
	struct stat st;
	if (io_stat_at(entry->dir, entry->name, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (entry->day && !is_old(pass->purge, entry->day, &st))
		return;
	if (!pass->deletes) {
		pass->day->files++;
		pass->day->bytes += (uint64_t)st.st_size;
		return;
	}
	int r = io_remove(entry->dir, entry->name);
	if (r == 0) {
		pass->day->deleted++;
		pass->day->freed += (uint64_t)st.st_size;
	} else if (r != -ENOENT)
		pass->trouble = r;
}

static void treat_sent(void *context, const struct folder_entry *entry)
{
	treat(context, entry);
}

static int go_over(struct pass *pass)
{
	const struct old_day *day = pass->day;
	struct folder_choice choice = {.folder = FOLDER_SENT};
	char name[SPOOL_DAY_LEN + sizeof(AUDIT_SUFFIX)];
	if (day->folder == FOLDER_AUDIT) {
		snprintf(name, sizeof(name), "%s" AUDIT_SUFFIX, day->day);
		treat(pass,
			&(struct folder_entry){
				.dir = spool_folder_fd(day->site->spool, FOLDER_AUDIT),
				.name = name});
		return pass->trouble;
	}
	memcpy(choice.day, day->day, sizeof(choice.day));
	int r = folder_walk(day->site->spool, &choice, treat_sent, pass);
	return r < 0 && r != -ENOENT ? r : pass->trouble;
}

static void count_day(struct purge *p, struct old_day *day)
{
	struct pass pass = {.purge = p, .day = day};
	int r = go_over(&pass);
	if (r < 0)
		complain(p, day->site, day->folder, r);
}

/* A folder that still holds something stays, and today's, which a gateway may be using.
 */
static void delete_day(struct purge *p, struct old_day *day)
{
	struct pass pass = {.purge = p, .day = day, .deletes = true};
	int r = go_over(&pass);
	if (r < 0)
		complain(p, day->site, day->folder, r);
	if (day->folder == FOLDER_SENT && strcmp(day->day, p->today) < 0)
		(void)io_remove_folder(
			spool_folder_fd(day->site->spool, FOLDER_SENT), day->day);
}

/* --- what is said --- */

static void show_days(const struct purge *p, bool is_done)
{
	const struct column columns[FIELDS] = {
		{.title = N_("SITE"), .field = "site"},
		{.title = N_("FOLDER"), .field = "folder"},
		{.title = N_("DAY"), .field = "day"},
		{.title = is_done ? N_("DELETED") : N_("FILES"),
			.field = is_done ? "deleted" : "files",
			.is_number = true},
		{.title = N_("SIZE"), .field = "bytes", .is_number = true},
	};
	bool is_json = p->tool->options.json;
	struct listing *listing = listing_new(columns, FIELDS, is_json);
	for (size_t i = 0; i < p->count; i++) {
		const struct old_day *day = &p->days[i];
		char files[PRINT_AGE_MAX];
		char bytes[PRINT_AGE_MAX];
		snprintf(
			files, sizeof(files), "%zu", is_done ? day->deleted : day->files);
		uint64_t size = is_done ? day->freed : day->bytes;
		if (is_json || !print_is_terminal())
			snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
		else
			print_size(bytes, size);
		const char *const fields[FIELDS] = {day->site->config->name,
			folder_name(day->folder), day->day, files, bytes};
		if (day->files)
			listing_add(listing, PLAIN, fields);
	}
	listing_end(listing);
}

static void add_sum(const struct purge *p, bool is_done, struct buf *sum)
{
	size_t files = 0;
	size_t days = 0;
	uint64_t bytes = 0;
	char size[PRINT_AGE_MAX];
	for (size_t i = 0; i < p->count; i++) {
		const struct old_day *day = &p->days[i];
		size_t of_day = is_done ? day->deleted : day->files;
		files += of_day;
		days += of_day != 0;
		bytes += is_done ? day->freed : day->bytes;
	}
	print_size(size, bytes);
	buf_add_format(sum, words_count("%zu file of ", "%zu files of ", files), files);
	buf_add_format(sum, words_count("%zu day", "%zu days", days), days);
	buf_add_format(sum, ", %s", size);
}

/* --- may it --- */

/* Yes in English, or in the language that it was asked in. */
static bool is_wanted(void)
{
	auto_free char *line = NULL;
	size_t room = 0;
	printf("%s", _("Delete them? [y/N] "));
	(void)fflush(stdout);
	if (getline(&line, &room, stdin) <= 0)
		return false;
	/* the letter of "yes" in the question before */
	return !strncasecmp(line, "y", 1) || !strncasecmp(line, _("y"), 1);
}

static bool has_something(const struct purge *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->days[i].files)
			return true;
	return false;
}

static bool ask(const struct purge *p)
{
	auto_buf struct buf sum = {.max_bytes = WORDS_MAX_BYTES};
	if (p->tool->options.yes)
		return true;
	show_days(p, false);
	add_sum(p, false, &sum);
	puts(buf_peek(&sum));
	return is_wanted();
}

static int check_options(const struct tool_options *options, msec_t *age)
{
	if (!options->older_than) {
		tool_complain(_("purge wants --older-than AGE, such as 90d"));
		return EX_USAGE;
	}
	if (!tool_read_age(options->older_than, age)) {
		tool_complain(_("--older-than \"%s\": write an age such as 12h or 90d"),
			options->older_than);
		return EX_USAGE;
	}
	bool can_ask = isatty(STDIN_FILENO) && print_is_terminal() && !options->json;
	if (!options->yes && !can_ask) {
		tool_complain(_("purge deletes for good and has nobody to ask here: say "
				"--yes"));
		return EX_USAGE;
	}
	return EX_OK;
}

static void set_border(struct purge *p, msec_t age)
{
	auto_buf struct buf local = {.max_bytes = SPOOL_DAY_LEN};
	auto_buf struct buf utc = {.max_bytes = SPOOL_DAY_LEN};
	auto_buf struct buf today = {.max_bytes = SPOOL_DAY_LEN};
	usec_t now = clock_now().wall;
	usec_t back = 0;
	bool is_far = __builtin_mul_overflow(age, (usec_t)1000, &back) || back > now;
	p->before = is_far ? 0 : now - back;
	times_add_local_day(&local, p->before);
	times_add_utc_day(&utc, p->before);
	times_add_local_day(&today, now);
	snprintf(p->before_day, sizeof(p->before_day), "%s", buf_peek(&local));
	snprintf(p->before_utc_day, sizeof(p->before_utc_day), "%s", buf_peek(&utc));
	snprintf(p->today, sizeof(p->today), "%s", buf_peek(&today));
}

static void find_all(struct purge *p)
{
	for (size_t i = 0; i < p->tool->site_count; i++) {
		find_days(p, &p->tool->sites[i], FOLDER_SENT);
		find_days(p, &p->tool->sites[i], FOLDER_AUDIT);
	}
	if (p->count)
		qsort(p->days, p->count, sizeof(*p->days), by_day);
	for (size_t i = 0; i < p->count; i++)
		count_day(p, &p->days[i]);
}

static void purge_done(struct purge *p)
{
	free(p->days);
}

static void delete_all(struct purge *p)
{
	auto_buf struct buf sum = {.max_bytes = WORDS_MAX_BYTES};
	for (size_t i = 0; i < p->count; i++)
		delete_day(p, &p->days[i]);
	if (!print_is_terminal() || p->tool->options.json) {
		show_days(p, true);
		return;
	}
	add_sum(p, true, &sum);
	printf(_("Deleted: %s\n"), buf_peek(&sum));
}

int run_purge(struct tool *tool)
{
	auto_with(purge_done) struct purge p = {.tool = tool};
	msec_t age = 0;
	int status = check_options(&tool->options, &age);
	if (status != EX_OK)
		return status;
	set_border(&p, age);
	find_all(&p);
	if (!has_something(&p) && print_is_terminal() && !tool->options.json)
		puts(_("Nothing is that old."));
	else if (!has_something(&p) || ask(&p))
		delete_all(&p);
	else
		puts(_("Nothing was deleted."));
	return p.status;
}
