#ifndef GATEWAY_SYSTEM_LOG_H
#define GATEWAY_SYSTEM_LOG_H
/* SPDX-License-Identifier: MIT
 *
 * log - one line an event, for people and for grep
 *
 * Knows: the form (logfmt, what it is about first), the levels, and how foreign texts are
 * made harmless. Lines go to standard error with a "<N>" priority, which systemd's
 * journal understands (sd-daemon(3)). On a terminal the priority is a word instead.
 * Promises: values never break a line or reach a terminal raw; no secrets come here.
 * Must not know: what is done about an event.
 */
#include <stdbool.h>
#include <stdint.h>

#include "system/config.h"

struct log_field {
	const char *key;
	const char *text; /* NULL: the number counts */
	int64_t number;
};

/* What has no text is left out of the line. */
static inline struct log_field log_text(const char *key, const char *text)
{
	return (struct log_field){.key = key, .text = text ? text : ""};
}

static inline struct log_field log_int64(const char *key, int64_t number)
{
	return (struct log_field){.key = key, .number = number};
}
/* Sizes and counts of any type: none comes near the border. */
#define log_number(key, number) log_int64(key, (int64_t)(number))

/* What is less grave than `level` is not written. Looks, too, whether standard error is a
 * terminal: before the first call it is taken for a journal. */
void log_set_level(enum config_level level);
/* For whoever has to make up words first. */
bool log_is_written(enum config_level level);

/* site and id (of a drop) may be NULL. Fields: at least one of log_text() and
 * log_number(); empty texts are left out. */
#define log_event(level, site, id, event, ...)                                           \
	log_fields(level, site, id, event,                                               \
		(const struct log_field[]){__VA_ARGS__, {NULL, NULL, 0}})

void log_fields(enum config_level level, const char *site, const char *id,
	const char *event, const struct log_field *fields);

/* What stops a start, for a person: as it is, but to systemd's journal each line is an
 * error. The last line may lack its end. */
void log_lines(const char *text);

#endif
