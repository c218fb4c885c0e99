#ifndef GATEWAY_TOP_PIPELINE_H
#define GATEWAY_TOP_PIPELINE_H
/* SPDX-License-Identifier: MIT
 *
 * pipeline - one site at work: the only file that knows the whole order
 *
 *   incoming/ -> claiming -> sending/ -> reading -> schedule -> delivery -> shop
 *                                                      |
 *                        sent/, failed/ <- settling <- outcomes, in the journal
 *
 * Order: open, then turns until it is stopped and idle, then close. A turn does what can
 * be done now and tells when it has something to do again. Between turns the caller
 * waits, and hands ended exchanges to delivery_take(). Errors: pipeline_open() explains
 * in `why` and gives an exit status (sysexits.h); a turn has no errors: trouble of the
 * machine is logged, and tried again after a wait.
 */
#include <stdbool.h>

#include "top/site.h"

struct buf;

struct pipeline_options {
	const struct site_config *config;
	struct transport *transport;
	struct shop *shop;
	bool is_once;  /* takes what is ready now, then nothing more */
	bool may_wait; /* stands by until the spool's lock is free */
};

/* 0, or the exit status with which pipeline_open() will refuse what config_open() does not
 * look into: the schema. Touches nothing. */
int pipeline_test(const struct site_config *config, struct buf *why);

/* 0, or an exit status. */
int pipeline_open(
	const struct pipeline_options *options, struct site **site, struct buf *why);
/* Ends the run in the journal, if everything could be written, and frees it all. */
void pipeline_close(struct site *site);

/* *due: when to turn again, if nothing happens before. */
void pipeline_turn(struct site *site, const struct moment *now, msec_t *due);

/* Claims and sends nothing more; what is in flight is waited for. */
void pipeline_stop(struct site *site);
/* Nothing is under way, and nothing can be done before some wait is over. */
bool pipeline_is_idle(const struct site *site, const struct moment *now);
/* Drops that wait, in incoming/ or sending/. */
size_t pipeline_waiting(const struct site *site);

/* The machine stood in the way when it last turned. */
bool pipeline_has_trouble(const struct site *site);

/* New policy settings, of a configuration that config_may_replace() allowed. */
void pipeline_reload(struct site *site, const struct site_config *config);

#endif
