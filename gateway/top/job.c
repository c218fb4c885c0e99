/* SPDX-License-Identifier: MIT */
#include "top/job.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"

static const bool may_move[][JOB_DROPPED + 1] = {
	[JOB_CLAIMED] = {[JOB_SENDING] = true, [JOB_DONE] = true, [JOB_DROPPED] = true},
	[JOB_SENDING] = {[JOB_DONE] = true, [JOB_DROPPED] = true},
	[JOB_DONE] = {[JOB_SETTLED] = true},
	[JOB_SETTLED] = {false},
	[JOB_DROPPED] = {false},
};

static const struct {
	const char *name;
	bool is_final;
	bool is_accepted;
	bool is_waiting;
} states[] = {
	[PROGRESS_FRESH] = {"fresh", false, false, false},
	[PROGRESS_POSTED] = {"posted", false, false, false},
	[PROGRESS_DEFERRED] = {"deferred", false, false, true},
	[PROGRESS_UNKNOWN] = {"unknown", false, false, true},
	[PROGRESS_DELIVERED] = {"delivered", true, true, false},
	[PROGRESS_ALREADY] = {"already", true, true, false},
	[PROGRESS_REJECTED] = {"rejected", true, false, false},
};

void job_queue_init(struct job_queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

void job_queue_add(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

struct job *job_queue_take(struct job_queue *queue)
{
	struct job *job = queue->first;
	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

void job_queue_put_back(struct job_queue *queue, struct job *job)
{
	job->next = queue->first;
	queue->first = job;
	if (!job->next)
		queue->end = &job->next;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
	struct job **link = &queue->first;
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	if (!job->next)
		queue->end = link;
	job->next = NULL;
}

struct job *job_new(const struct claim_name *claim)
{
	const char *stamp = NULL;
	size_t name_size = strlen(claim->name) + 1;
	struct job *job = xcalloc(1, sizeof(*job) + name_size);
	memcpy(job->name, claim->name, name_size);
	memcpy(job->stamp, claim->stamp, sizeof(job->stamp));
	memcpy(job->of, claim->of, sizeof(job->of));
	job->fd = -1;
	job->drop = spool_drop_name(job->name, &stamp);
	if (times_parse_stamp(job->stamp, &job->claimed) < 0)
		abort(); /* claims are made by spool_claim() or recognised by their stamp
			  */
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->count; i++)
		free(job->comments[i].message);
	free(job->comments);
	document_free(job->document);
	if (job->problems)
		problems_done(job->problems);
	free(job->problems);
	free(job->headline);
	cleanup_close(&job->fd);
	free(job);
}

void job_move(struct job *job, enum job_state to)
{
	assert(may_move[job->state][to]);
	assert(to != JOB_SETTLED || !job->in_flight);
	job->state = to;
}

void job_take_document(struct job *job, struct document *document)
{
	assert(!job->document);
	job->document = document;
	job->count = document_count(document);
	job->open = job->count;
	job->comments = xcalloc(job->count, sizeof(*job->comments));
	job->memory = document_memory(document) + job->count * sizeof(*job->comments);
}

void job_note(struct job *job, size_t index, enum progress_state state)
{
	struct progress *p = &job->comments[index];
	assert(index < job->count);
	assert(!progress_is_final(p->state));
	job->in_flight -= p->state == PROGRESS_POSTED;
	job->waiting -= states[p->state].is_waiting;
	p->state = state;
	job->in_flight += state == PROGRESS_POSTED;
	job->waiting += states[state].is_waiting;
	job->open -= progress_is_final(state);
	job->accepted += progress_is_accepted(state);
}

void job_note_words(struct job *job, size_t index, const char *code, const char *message)
{
	struct progress *p = &job->comments[index];
	snprintf(p->code, sizeof(p->code), "%s", code ? code : "");
	job->words -= p->message ? strlen(p->message) : 0;
	free(p->message);
	p->message = message && *message ? xstrdup(message) : NULL;
	job->words += p->message ? strlen(p->message) : 0;
}

bool progress_is_final(enum progress_state state)
{
	return states[state].is_final;
}

bool progress_is_accepted(enum progress_state state)
{
	return states[state].is_accepted;
}

const char *progress_name(enum progress_state state)
{
	return states[state].name;
}

enum progress_state progress_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof(states) / sizeof(states[0]); i++)
		if (!strcmp(states[i].name, name))
			return (enum progress_state)i;
	return PROGRESS_FRESH;
}

bool job_is_unrecorded(const struct job *job)
{
	const struct past_claim *past = job->past;
	return job->is_recovered &&
	       (!past || (past->verdict && !strcmp(past->verdict, JOB_UNRECORDED)));
}

struct version version_of(const struct stat *st)
{
	return (struct version){
		.size = (uint64_t)st->st_size,
		.inode = st->st_ino,
		.modified =
			(int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
	};
}

bool version_is(const struct version *a, const struct version *b)
{
	return a->size == b->size && a->inode == b->inode && a->modified == b->modified;
}

void version_write(const struct version *v, char text[VERSION_TEXT_MAX])
{
	auto_buf struct buf b = {.max_bytes = VERSION_TEXT_MAX - 1};
	buf_add_number(&b, v->size);
	buf_add_char(&b, '-');
	buf_add_signed(&b, v->modified);
	buf_add_char(&b, '-');
	buf_add_number(&b, v->inode);
	memcpy(text, buf_peek(&b), b.len + 1);
}

bool version_is_on_record(const struct version *v, const char *text)
{
	char own[VERSION_TEXT_MAX];
	version_write(v, own);
	const char *inode = strrchr(own, '-') + 1;
	return !strncmp(own, text, (size_t)(inode - own));
}
