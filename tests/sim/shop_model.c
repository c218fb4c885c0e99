/* SPDX-License-Identifier: MIT */
#include "shop_model.h"

enum { LOOKUP_GAP = 1000 }; /* between looking a number up and storing it, at most */

struct request {
	struct model_comment *const *comments;
	size_t count;
	msec_t sent;
	enum result *results;
};

uint64_t chance_draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t chance_below(uint64_t *state, uint64_t below)
{
	return chance_draw(state) % below;
}

bool chance_one_in(uint64_t *state, uint64_t n)
{
	return chance_below(state, n) == 0;
}

static msec_t draw(struct shop_model *shop, msec_t below)
{
	return (msec_t)chance_below(&shop->chance, (uint64_t)below);
}

/* Nobody may ask again while the shop is still at it, or store what is noted already. */
static void count_store(
	const struct shop_model *shop, struct model_comment *comment, msec_t sent)
{
	msec_t last = comment->is_noted ? comment->noted_at : comment->lost_at;
	bool has_waited =
		comment->forsaken_at && sent - comment->forsaken_at >= shop->unknown_wait;
	bool is_again = comment->times_stored++ > 0;
	if (is_again && last > sent && has_waited)
		comment->times_overdue++;
	else if (is_again && (last > sent || comment->is_noted))
		comment->times_doubled++;
	else if (is_again)
		comment->times_repeated++;
	comment->forsaken_at = 0; /* it excuses one repeat, not those after it */
}

static enum result store(const struct shop_model *shop, struct model_comment *comment,
	msec_t sent, msec_t looked_up, msec_t at)
{
	if (comment->vice == VICE_ORPHAN)
		return RESULT_REJECTED;
	if (comment->is_noted && comment->noted_at <= looked_up)
		return RESULT_KNOWN;
	count_store(shop, comment, sent);
	if (!comment->is_noted || at < comment->noted_at)
		comment->noted_at = at;
	comment->is_noted = true;
	return RESULT_STORED;
}

/* Stores the first `upto` one after the other, the last by `sent + within`. */
static void store_some(struct shop_model *shop, const struct request *request,
	size_t upto, msec_t within)
{
	for (size_t i = 0; i < upto; i++) {
		msec_t width = within / (msec_t)upto;
		msec_t at = request->sent + width * (msec_t)i + draw(shop, width + 1);
		msec_t looked_up = at - draw(shop, LOOKUP_GAP + 1);
		if (looked_up < request->sent)
			looked_up = request->sent;
		request->results[i] =
			store(shop, request->comments[i], request->sent, looked_up, at);
	}
}

static size_t first_with(const struct request *request, enum vice vice)
{
	size_t i = 0;
	while (i < request->count && request->comments[i]->vice != vice)
		i++;
	return i;
}

static enum weather of_the_moment(struct shop_model *shop)
{
	if (shop->weather == WEATHER_RESETS)
		return chance_one_in(&shop->chance, 3) ? WEATHER_RESETS : WEATHER_FINE;
	if (shop->weather != WEATHER_FLAKY)
		return shop->weather;
	if (!chance_one_in(&shop->chance, 4))
		return WEATHER_FINE;
	return (enum weather)chance_below(&shop->chance, WEATHER_FLAKY);
}

static msec_t working_time(struct shop_model *shop, size_t count)
{
	msec_t each = shop->weather == WEATHER_SLOW ? 400 : 20;
	return 5 + (msec_t)count * (1 + draw(shop, each));
}

static struct task_report answer(enum answer answer, enum blame blame, msec_t took)
{
	return (struct task_report){
		.answer = answer, .blame = blame, .retry_after = -1, .took = took};
}

/* The sender sees nothing; what it asked for is done some time before it asks again. */
static struct task_report vanish(
	struct shop_model *shop, const struct request *request, msec_t took)
{
	size_t upto = request->count / (1 + chance_below(&shop->chance, 3));
	store_some(
		shop, request, upto, draw(shop, took + shop->unknown_wait - LOOKUP_GAP));
	return answer(ANSWER_UNKNOWN, BLAME_NONE, took);
}

static struct task_report break_at(
	struct shop_model *shop, const struct request *request, enum vice vice)
{
	size_t upto = first_with(request, vice);
	msec_t took =
		vice == VICE_CHOKES ? shop->request_timeout : working_time(shop, upto);
	store_some(shop, request, upto, took);
	return answer(vice == VICE_CHOKES ? ANSWER_UNKNOWN : ANSWER_REFUSED,
		vice == VICE_QUOTED ? BLAME_KEY : BLAME_NONE, took);
}

/* Dies amid one comment; those before it are stored and noted. */
static struct task_report crash(struct shop_model *shop, const struct request *request)
{
	size_t at = chance_below(&shop->chance, request->count);
	struct model_comment *lost = request->comments[at];
	msec_t took = working_time(shop, at + 1);
	store_some(shop, request, at, took);
	if (lost->vice != VICE_ORPHAN && !lost->is_noted) {
		count_store(shop, lost, request->sent);
		lost->lost_at = request->sent + took;
	}
	bool is_told = chance_one_in(&shop->chance, 2);
	return answer(is_told ? ANSWER_REFUSED : ANSWER_UNKNOWN, BLAME_NONE, took);
}

static struct task_report serve(struct shop_model *shop, const struct request *request)
{
	size_t count = request->count;
	if (!count && !shop->knows_empty)
		return answer(ANSWER_REFUSED, BLAME_NONE, 4);
	if (first_with(request, VICE_FORBIDDEN) < count)
		return answer(ANSWER_REFUSED, BLAME_REQUEST, 3);
	if (first_with(request, VICE_CUT) < count)
		return answer(ANSWER_NOTHING, BLAME_NONE, 3);
	if (first_with(request, VICE_CHOKES) < count)
		return break_at(shop, request, VICE_CHOKES);
	if (first_with(request, VICE_BREAKS) < count)
		return break_at(shop, request, VICE_BREAKS);
	if (first_with(request, VICE_QUOTED) < count)
		return break_at(shop, request, VICE_QUOTED);
	if (count && shop->forgets && chance_one_in(&shop->chance, 40))
		return crash(shop, request);

	msec_t took = working_time(shop, count);
	store_some(shop, request, count, took);
	struct task_report report = answer(ANSWER_RESULTS, BLAME_NONE, took);
	report.results = request->results;
	if (count > 1 && shop->weather == WEATHER_FLAKY &&
		chance_one_in(&shop->chance, 20)) {
		report.answer = ANSWER_UNKNOWN;
		report.unpaired = true;
	}
	return report;
}

static struct task_report react(struct shop_model *shop, const struct request *request)
{
	switch (of_the_moment(shop)) {
	case WEATHER_DOWN:
		return answer(ANSWER_NOTHING, BLAME_NONE, draw(shop, 10000));
	case WEATHER_HANGING:
		return vanish(shop, request, shop->request_timeout);
	case WEATHER_RESETS:
		return vanish(shop, request, draw(shop, shop->request_timeout));
	case WEATHER_SILENT:
		if (request->count)
			return answer(ANSWER_REFUSED, BLAME_NONE, 20);
		return serve(shop, request);
	case WEATHER_BROKEN:
		return answer(ANSWER_REFUSED, BLAME_NONE, 20);
	case WEATHER_KEY:
		return answer(ANSWER_REFUSED, BLAME_KEY, 20);
	default:
		return serve(shop, request);
	}
}

struct task_report shop_model_ask(struct shop_model *shop,
	struct model_comment *const *comments, size_t count, msec_t now,
	enum result *results)
{
	struct request request = {comments, count, now, results};
	struct task_report report = react(shop, &request);
	if (report.answer != ANSWER_RESULTS && shop->names_times && shop->weather &&
		chance_one_in(&shop->chance, 4))
		report.retry_after = draw(shop, 30 * MSEC_MINUTE);
	return report;
}
