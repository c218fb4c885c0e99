/* SPDX-License-Identifier: MIT */
#include "core/past_shop.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/record.h"

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void past_shop_open(struct past_shop *shop)
{
	free(shop->hold);
	free(shop->message);
	free(shop->boot);
	shop->hold = shop->message = shop->boot = NULL;
	shop->since = shop->wait = 0;
}

static void begin_quiet(struct past_shop *shop, const struct record *record)
{
	if (!record->boot)
		return;
	free(shop->quiet_boot);
	shop->quiet_boot = xstrdup(record->boot);
	shop->quiet_since = shop->quiet_seen = record->up;
}

void past_shop_hold(struct past_shop *shop, const struct record *record)
{
	if (record->result && !strcmp(record->result, PAST_SHOP_POWER_LOSS)) {
		begin_quiet(shop, record);
		return;
	}
	past_shop_open(shop);
	shop->hold = copy(record->result);
	shop->message = copy(record->message);
	shop->boot = copy(record->boot);
	shop->since = record->up;
	shop->wait = record->wait;
}

void past_shop_note_time(struct past_shop *shop, const char *boot, msec_t up)
{
	bool is_quiet = shop->quiet_boot && boot && !strcmp(boot, shop->quiet_boot);
	if (is_quiet && up > shop->quiet_seen)
		shop->quiet_seen = up;
}

void past_shop_outcome(struct past_shop *shop, const struct record *record)
{
	bool is_delivered = !strcmp(record->result, "delivered");
	if (record->refused)
		series_add(&shop->refused, record->order, record->comment);
	else if (is_delivered || !strcmp(record->result, "already"))
		series_end(&shop->refused);
	/* Stored by this very request: a shop that had it already says nothing of how it
	 * is now. */
	if (is_delivered && record->code && record->code[0] == '1') {
		shop->stored++;
		shop->stored_mail += record->mail != 0;
	}
}

void past_shop_restate(struct past_shop *shop, const struct record *record)
{
	shop->stored = record->stored;
	shop->stored_mail = record->mailed;
}

void past_shop_done(struct past_shop *shop)
{
	past_shop_open(shop);
	free(shop->quiet_boot);
	series_end(&shop->refused);
}
