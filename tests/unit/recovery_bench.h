#ifndef TESTS_UNIT_RECOVERY_BENCH_H
#define TESTS_UNIT_RECOVERY_BENCH_H
/* SPDX-License-Identifier: MIT
 *
 * recovery_bench - a real spool with a past, and a real site that starts on it
 *
 * The past is told in words, and written by the modules that write it in earnest:
 *
 *	"start this; reading; read; posting 1; outcome 1 deferred 2; midnight; stop"
 *
 * It all happened AGO before now, to one claim of two comments. "this" and "other" are
 * boots; "v 2" is a line of a later gateway. Nothing is sent: the schedule tells what
 * would be, and when.
 */
#include "core/record.h"
#include "spool_fixture.h"
#include "system/audit.h"
#include "system/clock.h"
#include "top/pipeline.h"
#include "top/reading.h"
#include "top/settling.h"

#define STAMP "20260101T000000.000001Z"
#define CLAIM STAMP "_a.xml"
#define OTHER_BOOT "00000000-0000-0000-0000-000000000001"

enum { AGO = 5000, WAIT = 10000 }; /* milliseconds */
static const usec_t one_day = 86400 * USEC_SECOND;

#define HEAD                                                                             \
	"<open:Comments xmlns:open=\"http://www.opensi.fr\" "                            \
	"xmlns:xsd=\"http://www.opensi.fr/xsd\">"
#define FOOT "</open:Comments>"
#define COMMENT(id)                                                                      \
	"<open:Comment><xsd:OrderNumber>CC1</xsd:OrderNumber>"                           \
	"<xsd:WebOrderNumber>WEB-" id "</xsd:WebOrderNumber>"                            \
	"<xsd:CommentId>" id "</xsd:CommentId><xsd:Comment>Text</xsd:Comment>"           \
	"<xsd:CommentDate>2026-05-01</xsd:CommentDate><xsd:SendMail>false</"             \
	"xsd:SendMail>"                                                                  \
	"<xsd:VisibleForCustomer>true</xsd:VisibleForCustomer></open:Comment>"

static const char document[] = HEAD COMMENT("1") COMMENT("2") FOOT;

static char schema_path[PATH_MAX]; /* absolute: tests run within their spools */
static struct site_config config;
static struct transport *transport;
static struct shop *shop;
static struct site *site;
static struct moment now; /* right after the start */

/* --- the past --- */

struct teller {
	struct audit *audit;
	usec_t wall;
	char version[VERSION_TEXT_MAX];
};

static inline void note_version(struct teller *t)
{
	struct stat st = {0};
	if (lstat("sending/" CLAIM, &st) < 0)
		return;
	struct version version = version_of(&st);
	version_write(&version, t->version);
}

static inline void tell_of_site(struct teller *t, struct record *record)
{
	record->at = t->wall;
	record->up = clock_now().up - AGO;
	record->site = "WEB1";
	audit_append(t->audit, record);
}

static inline void tell_of_claim(struct teller *t, struct record *record)
{
	if (record->event != EVENT_START && record->event != EVENT_STOP) {
		record->claim = STAMP;
		record->drop = "a.xml";
	}
	tell_of_site(t, record);
}

static inline void add_line(const char *path, const char *line)
{
	auto_close int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
}

static inline void audit_path(usec_t wall, char path[64])
{
	auto_buf struct buf day = {.max_bytes = 16};
	times_add_utc_day(&day, wall);
	snprintf(path, 64, "audit/%s.jsonl", buf_peek(&day));
}

/* ["other", the boot | COUNT] */
static inline void tell_of_run(struct teller *t, enum event event, const char *says)
{
	bool is_other = !strcmp(says, "other");
	tell_of_claim(t, &(struct record){.event = event,
				 .boot = is_other ? OTHER_BOOT : clock_boot_id(),
				 .count = is_other ? 0 : strtoul(says, NULL, 10)});
}

static inline void tell_of_reading(struct teller *t, enum event event, const char *none)
{
	(void)none;
	tell_of_claim(t, &(struct record){.event = event,
				 .result = event == EVENT_READ ? "valid" : NULL,
				 .version = event == EVENT_READ ? t->version : NULL});
}

/* NUMBER [RESULT [ATTEMPTS [WAIT]]] */
static inline void tell_of_comment(struct teller *t, enum event event, const char *says)
{
	char *at = NULL;
	char result[32];
	char id[16];
	char order[24];
	unsigned long number = strtoul(says, &at, 10);
	assert_in_range(number, 1, 2);
	at += strspn(at, " ");
	size_t len = strcspn(at, " ");
	snprintf(result, sizeof(result), "%.*s", (int)len, at);
	snprintf(id, sizeof(id), "%lu", number);
	snprintf(order, sizeof(order), "WEB-%s", id);
	tell_of_claim(t, &(struct record){
				 .event = event,
				 .number = (unsigned)number,
				 .order = order,
				 .comment = id,
				 .result = *result ? result : NULL,
				 .attempt = (unsigned)strtoul(at + len, &at, 10),
				 .wait = (unsigned)strtoul(at, NULL, 10),
			 });
}

/* REASON [WAIT], or nothing: open */
static inline void tell_of_shop(struct teller *t, enum event event, const char *says)
{
	size_t len = strcspn(says, " ");
	auto_free char *reason = strndup(says, len);
	tell_of_site(t, &(struct record){
				.event = event,
				.boot = clock_boot_id(),
				.result = len ? reason : NULL,
				.wait = (unsigned)strtoul(says + len, NULL, 10),
			});
}

static inline void tell_of_folder(struct teller *t, enum event event, const char *folder)
{
	char to[64];
	snprintf(to, sizeof(to), "%s/" CLAIM, folder);
	tell_of_claim(t, &(struct record){.event = event, .to = to});
}

static inline void tell_by_hand(struct teller *t, enum event event, const char *version)
{
	char path[64];
	(void)event;
	audit_path(t->wall, path);
	assert_int_equal(audit_write(t->audit), 0);
	add_line(path, *version ? "{\"v\":2,\"what\":\"nobody knows yet\"}\n"
				: "{\"v\":1,\"t\":\"2026-01-01T00:00:00.0");
}

static inline void turn_the_day(struct teller *t, enum event event, const char *none)
{
	(void)event;
	(void)none;
	t->wall += one_day;
	assert_int_equal(audit_begin_checkpoint(t->audit, t->wall), 0);
}

static const struct {
	const char *word;
	void (*tell)(struct teller *, enum event, const char *);
	enum event event;
} clauses[] = {
	{"start", tell_of_run, EVENT_START},
	{"stop", tell_of_run, EVENT_STOP},
	{"reading", tell_of_reading, EVENT_READING},
	{"read", tell_of_reading, EVENT_READ},
	{"withdrawn", tell_of_reading, EVENT_WITHDRAWN},
	{"posting", tell_of_comment, EVENT_POSTING},
	{"outcome", tell_of_comment, EVENT_OUTCOME},
	{"hold", tell_of_shop, EVENT_HOLD},
	{"open", tell_of_shop, EVENT_OPEN},
	{"rest", tell_of_folder, EVENT_REST},
	{"settled", tell_of_folder, EVENT_SETTLED},
	{"midnight", turn_the_day, EVENT_STOP},
	{"torn", tell_by_hand, EVENT_STOP},
	{"v", tell_by_hand, EVENT_STOP},
};

static inline void tell_clause(struct teller *t, const char *clause)
{
	const char *word = clause + strspn(clause, " ");
	size_t len = strcspn(word, " ");
	const char *says = word + len + strspn(word + len, " ");
	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++) {
		if (strlen(clauses[i].word) == len &&
			!strncmp(clauses[i].word, word, len)) {
			clauses[i].tell(t, clauses[i].event, says);
			return;
		}
	}
	if (*word)
		fail_msg("not understood: %s", word);
}

/* days: how long before today it begins. */
static inline void tell(const char *words, int days)
{
	struct teller t = {
		.audit = audit_new(spool), .wall = clock_now().wall - days * one_day};
	auto_free char *copy = strdup(words);
	char *save = NULL;
	note_version(&t);
	assert_int_equal(audit_begin_checkpoint(t.audit, t.wall), 0);
	for (char *clause = strtok_r(copy, ";", &save); clause;
		clause = strtok_r(NULL, ";", &save))
		tell_clause(&t, clause);
	assert_int_equal(audit_sync(t.audit), 0);
	audit_free(t.audit);
}

/* --- a start --- */

static inline int bench_enter(void **state)
{
	if (spool_enter(state) != 0)
		return -1;
	static char code[] = "WEB1";
	static char url[] = "http://127.0.0.1:9/none";
	static char pattern[] = "*.xml";
	static char key[] = "secret";
	config = (struct site_config){
		.name = code,
		.website_code = code,
		.url = url,
		.spool = spool_root,
		.pattern = pattern,
		.schema = schema_path,
		.key = key,
		.settle = 100,
		.rescan = MSEC_MINUTE,
		.request_target = MSEC_SECOND,
		.connect_timeout = MSEC_SECOND,
		.request_timeout = MSEC_SECOND,
		.unknown_wait = WAIT,
		.retry_min = MSEC_SECOND,
		.retry_max = MSEC_MINUTE,
		.batch_comments = 10,
		.connections = 10,
		.max_attempts = 5,
		.max_file_size = 1 << 20,
		.shop_limits = true,
	};
	transport = transport_new();
	shop = shop_new();
	return 0;
}

static inline void stop(void)
{
	pipeline_close(site);
	site = NULL;
	shop_free(shop);
	shop = shop_new();
}

static inline int bench_leave(void **state)
{
	pipeline_close(site);
	site = NULL;
	shop_free(shop);
	transport_free(transport);
	return spool_leave(state);
}

static inline int try_start(struct buf *why)
{
	const struct pipeline_options options = {
		.config = &config, .transport = transport, .shop = shop, .is_once = true};
	int status = pipeline_open(&options, &site, why);
	now = clock_now();
	return status;
}

/* And reads what it found, as the first turn does. */
static inline void start(void)
{
	auto_buf struct buf why = {.max_bytes = 1000};
	if (try_start(&why) != 0)
		fail_msg("%s", buf_peek(&why));
	assert_int_equal(reading_work(site, &now), 0);
}

static inline char *read_all(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	enum { ROOM = 1 << 20 };
	char *bytes = calloc(1, ROOM);
	assert_in_range(read(fd, bytes, ROOM), 0, ROOM - 1);
	return bytes;
}

/* As if it had been killed: its `stop` is not there, which is the last line. */
static inline void die(void)
{
	char path[64];
	audit_path(clock_now().wall, path);
	stop();
	auto_free char *bytes = read_all(path);
	size_t len = strlen(bytes) - 1;
	while (len && bytes[len - 1] != '\n')
		len--;
	assert_non_null(strstr(bytes + len, "\"stop\""));
	assert_int_equal(truncate(path, (off_t)len), 0);
}

/* --- what it makes of it --- */

static inline const struct job *found_job(void)
{
	const struct job *job = site_find_job(site, STAMP);
	assert_non_null(job);
	return job;
}

static inline void assert_states(const char *expected)
{
	char states[128] = "";
	const struct job *job = found_job();
	for (size_t i = 0; i < job->count; i++) {
		size_t at = strlen(states);
		enum progress_state state = job->comments[i].state;
		snprintf(states + at, sizeof(states) - at, "%s%s", i ? " " : "",
			state == PROGRESS_FRESH ? "fresh" : progress_name(state));
	}
	assert_string_equal(states, expected);
}

/* The comments that go out at `at`, by number. */
static inline void assert_sent(msec_t at, const char *expected)
{
	bool is_sent[2] = {false, false};
	struct task task;
	struct decision decision;
	for (schedule_next(site->schedule, at, &task); task.kind == TASK_POST;
		schedule_next(site->schedule, at, &task)) {
		assert_int_equal(task.count, 1);
		assert_in_range(task.refs[0].index, 0, 1);
		is_sent[task.refs[0].index] = true;
		assert_false(schedule_decision(site->schedule, &decision));
	}
	char sent[8] = "";
	snprintf(sent, sizeof(sent), "%s%s%s", is_sent[0] ? "1" : "",
		is_sent[0] && is_sent[1] ? " " : "", is_sent[1] ? "2" : "");
	assert_string_equal(sent, expected);
}

/* Lines of the journal of today, after the last checkpoint began, without their times.
 * The caller frees them. */
static inline char *last_checkpoint(void)
{
	char path[64];
	audit_path(clock_now().wall, path);
	auto_free char *bytes = read_all(path);
	auto_buf struct buf lines = {.max_bytes = 1 << 16};
	char *save = NULL;
	bool was_end = true;
	for (char *line = strtok_r(bytes, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		const char *says = strstr(line, "\"ev\":\"checkpoint");
		if (!says)
			continue;
		if (was_end)
			buf_clear(&lines);
		was_end = strstr(says, "checkpoint-end") != NULL;
		buf_add_format(&lines, "%s\n", says);
	}
	return buf_take(&lines);
}

#endif
