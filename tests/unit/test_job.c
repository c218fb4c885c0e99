/* SPDX-License-Identifier: MIT */
#include "top/job.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static const struct claim_name claim = {
	.name = "20261123T120000.000001Z_a.xml", .stamp = "20261123T120000.000001Z"};

#define COMMENT(id)                                                                      \
	"<o:Comment><x:OrderNumber>1</x:OrderNumber><x:WebOrderNumber>W</"               \
	"x:WebOrderNumber>"                                                              \
	"<x:CommentId>" id "</x:CommentId><x:Comment>text</x:Comment>"                   \
	"<x:CommentDate>2026-11-23</x:CommentDate><x:SendMail>false</x:SendMail>"        \
	"<x:VisibleForCustomer>true</x:VisibleForCustomer></o:Comment>"

static const char three_comments[] = "<o:Comments xmlns:o='http://www.opensi.fr' "
				     "xmlns:x='http://www.opensi.fr/xsd'>" COMMENT("1")
					     COMMENT("2") COMMENT("3") "</o:Comments>";

static struct job *job;

static int enter(void **state)
{
	(void)state;
	job = job_new(&claim);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	job_free(job);
	job_free(NULL);
	return 0;
}

static void read_three_comments(void)
{
	static const struct document_rules rules = {
		.website_code = "W", .max_bytes = 10000};
	struct schema *schema = NULL;
	auto_free char *why = NULL;
	assert_int_equal(schema_open("xsd/comments.xsd", &schema, &why), 0);
	struct reading reading = {0};
	int r = document_read(
		schema, &rules, three_comments, strlen(three_comments), &reading);
	schema_free(schema);
	assert_int_equal(r, 0);
	assert_int_equal(reading.verdict, VERDICT_VALID);
	job_take_document(job, take_ptr(reading.document));
	reading_done(&reading);
}

/* A broken contract ends the process; its last words are nobody's business. */
static bool dies(void (*breach)(int), int argument)
{
	pid_t child = fork();
	if (child == 0) {
		struct rlimit no_core = {0};
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(SIGABRT, SIG_DFL);
		(void)close(STDERR_FILENO);
		breach(argument);
		_exit(0);
	}
	int status = 0;
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void a_job_is_known_by_its_stamp_and_its_drop(void **state)
{
	(void)state;
	assert_int_equal(job->state, JOB_CLAIMED);
	assert_string_equal(job->drop, "a.xml");
	assert_string_equal(job->name, claim.name);
	assert_string_equal(job->stamp, claim.stamp);
	assert_ptr_equal(job->drop, job->name + TIMES_STAMP_LEN + 1);
	assert_int_equal(job->claimed, 1795435200 * USEC_SECOND + 1);
	assert_int_equal(job->fd, -1);
}

static void move_from(int moves)
{
	job->state = (enum job_state)(moves / 10);
	job_move(job, (enum job_state)(moves % 10));
}

static void only_legal_moves_are_made(void **state)
{
	(void)state;
	static const bool legal[][JOB_DROPPED + 1] = {
		[JOB_CLAIMED] = {false, true, true, false, true},
		[JOB_SENDING] = {false, false, true, false, true},
		[JOB_DONE] = {false, false, false, true, false},
		[JOB_SETTLED] = {false},
		[JOB_DROPPED] = {false},
	};
	for (int from = JOB_CLAIMED; from <= JOB_DROPPED; from++) {
		for (int to = JOB_CLAIMED; to <= JOB_DROPPED; to++)
			assert_int_equal(
				dies(move_from, from * 10 + to), !legal[from][to]);
	}
}

static void settle_in_flight(int comments)
{
	for (int i = 0; i < comments; i++)
		job_note(job, (size_t)i, PROGRESS_POSTED);
	job_move(job, JOB_DONE);
	job_move(job, JOB_SETTLED);
}

static void nothing_is_settled_while_a_comment_is_in_flight(void **state)
{
	(void)state;
	read_three_comments();
	assert_false(dies(settle_in_flight, 0));
	assert_true(dies(settle_in_flight, 1));
}

static void every_comment_of_a_document_begins_fresh(void **state)
{
	(void)state;
	read_three_comments();
	assert_int_equal(job->count, 3);
	assert_int_equal(job->open, 3);
	assert_int_equal(job->waiting, 0);
	assert_int_equal(job->in_flight, 0);
	assert_int_equal(job->accepted, 0);
	assert_true(job->memory >= strlen("text") * 3 + 3 * sizeof(struct progress));
	for (size_t i = 0; i < job->count; i++)
		assert_int_equal(job->comments[i].state, PROGRESS_FRESH);
}

static void the_counts_follow_each_comment(void **state)
{
	(void)state;
	static const struct {
		size_t index;
		enum progress_state to;
		size_t open, waiting, in_flight, accepted;
	} story[] = {
		{0, PROGRESS_POSTED, 3, 0, 1, 0},
		{1, PROGRESS_POSTED, 3, 0, 2, 0},
		{0, PROGRESS_DELIVERED, 2, 0, 1, 1},
		{1, PROGRESS_UNKNOWN, 2, 1, 0, 1},
		{2, PROGRESS_POSTED, 2, 1, 1, 1},
		{2, PROGRESS_DEFERRED, 2, 2, 0, 1},
		{1, PROGRESS_POSTED, 2, 1, 1, 1},
		{1, PROGRESS_FRESH, 2, 1, 0, 1},
		{1, PROGRESS_ALREADY, 1, 1, 0, 2},
		{2, PROGRESS_REJECTED, 0, 0, 0, 2},
	};
	read_three_comments();
	for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++) {
		job_note(job, story[i].index, story[i].to);
		assert_int_equal(job->open, story[i].open);
		assert_int_equal(job->waiting, story[i].waiting);
		assert_int_equal(job->in_flight, story[i].in_flight);
		assert_int_equal(job->accepted, story[i].accepted);
	}
}

static void note_after(int final)
{
	job_note(job, 0, (enum progress_state) final);
	job_note(job, 0, PROGRESS_POSTED);
}

static void a_final_outcome_is_final(void **state)
{
	(void)state;
	read_three_comments();
	for (int i = PROGRESS_FRESH; i <= PROGRESS_REJECTED; i++)
		assert_int_equal(
			dies(note_after, i), progress_is_final((enum progress_state)i));
}

static void the_shops_last_words_are_kept(void **state)
{
	(void)state;
	read_three_comments();
	const struct progress *p = &job->comments[1];
	job_note_words(job, 1, "3002", "no such order");
	assert_string_equal(p->code, "3002");
	assert_string_equal(p->message, "no such order");
	job_note_words(job, 1, "1234567890", "");
	assert_string_equal(p->code, "1234567");
	assert_null(p->message);
	job_note_words(job, 1, NULL, NULL);
	assert_string_equal(p->code, "");
	job_note_words(job, 1, NULL, "freed with the job");
}

static void the_problems_of_a_bad_document_go_with_the_job(void **state)
{
	(void)state;
	job->problems = xcalloc(1, sizeof(*job->problems));
	job->problems->kept_count = job->problems->count = 1;
	job->problems->kept[0].rule = xstrdup("is too long");
	job_move(job, JOB_DONE);
}

static void states_have_names_that_lead_back(void **state)
{
	(void)state;
	for (int i = PROGRESS_FRESH; i <= PROGRESS_REJECTED; i++)
		assert_int_equal(
			progress_named(progress_name((enum progress_state)i)), i);
	assert_int_equal(progress_named("no name"), PROGRESS_FRESH);
	assert_int_equal(progress_named(NULL), PROGRESS_FRESH);
	assert_true(progress_is_accepted(PROGRESS_ALREADY));
	assert_false(progress_is_accepted(PROGRESS_REJECTED));
	assert_string_equal(verdict_name(VERDICT_VALID), "valid");
	assert_string_equal(verdict_name(VERDICT_BROKEN_OFF), "broken-off");
	assert_string_equal(verdict_name(VERDICT_OVERSIZE), "oversize");
}

static void a_version_tells_other_bytes(void **state)
{
	(void)state;
	const struct stat st = {.st_size = 10, .st_ino = 7, .st_mtim = {2, 3}};
	struct version v = version_of(&st);
	struct version same = v;
	assert_true(version_is(&v, &same));
	same.size++;
	assert_false(version_is(&v, &same));
	same = v;
	same.inode++;
	assert_false(version_is(&v, &same));
	same = v;
	same.modified++;
	assert_false(version_is(&v, &same));

	char text[VERSION_TEXT_MAX];
	version_write(&v, text);
	assert_string_equal(text, "10-2000000003-7");
	const struct version longest = {UINT64_MAX, UINT64_MAX, INT64_MIN};
	version_write(&longest, text);
	assert_string_equal(
		text, "18446744073709551615--9223372036854775808-18446744073709551615");
}

static void a_queue_gives_first_what_came_first(void **state)
{
	(void)state;
	struct job_queue queue;
	struct job a = {0};
	struct job b = {0};
	struct job c = {0};
	job_queue_init(&queue);
	assert_null(job_queue_take(&queue));
	job_queue_add(&queue, &a);
	job_queue_add(&queue, &b);
	assert_ptr_equal(job_queue_take(&queue), &a);
	job_queue_put_back(&queue, &a);
	job_queue_add(&queue, &c);
	assert_ptr_equal(job_queue_take(&queue), &a);
	assert_ptr_equal(job_queue_take(&queue), &b);
	assert_ptr_equal(job_queue_take(&queue), &c);
	assert_null(job_queue_take(&queue));
	job_queue_put_back(&queue, &b);
	job_queue_add(&queue, &a);
	assert_ptr_equal(job_queue_take(&queue), &b);
	assert_ptr_equal(job_queue_take(&queue), &a);
	assert_null(job_queue_take(&queue));
}

static void a_queue_goes_on_without_what_is_removed(void **state)
{
	(void)state;
	struct job_queue queue;
	struct job a = {0};
	struct job b = {0};
	job_queue_init(&queue);
	job_queue_add(&queue, &a);
	job_queue_add(&queue, &b);
	job_queue_remove(&queue, &b);
	job_queue_add(&queue, &b);
	job_queue_remove(&queue, &a);
	assert_ptr_equal(job_queue_take(&queue), &b);
	assert_null(job_queue_take(&queue));
}

#define with_job(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_job(a_job_is_known_by_its_stamp_and_its_drop),
		with_job(only_legal_moves_are_made),
		with_job(nothing_is_settled_while_a_comment_is_in_flight),
		with_job(every_comment_of_a_document_begins_fresh),
		with_job(the_counts_follow_each_comment),
		with_job(a_final_outcome_is_final),
		with_job(the_shops_last_words_are_kept),
		with_job(the_problems_of_a_bad_document_go_with_the_job),
		with_job(states_have_names_that_lead_back),
		with_job(a_version_tells_other_bytes),
		with_job(a_queue_gives_first_what_came_first),
		with_job(a_queue_goes_on_without_what_is_removed),
	};
	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
