/* SPDX-License-Identifier: MIT */
#include "core/shop.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 100000, ORDER = 77, ID = 99 };

static struct shop *shop;

static int enter(void **state)
{
	(void)state;
	shop = shop_new();
	return 0;
}

static int leave(void **state)
{
	(void)state;
	shop_free(shop);
	shop_free(NULL);
	return 0;
}

static void what_is_under_way_is_free_when_it_is_released(void **state)
{
	(void)state;
	assert_int_equal(shop_free_at(shop, ORDER, ID, 5), 0);
	shop_take(shop, ORDER, ID, 5);
	assert_int_equal(shop_free_at(shop, ORDER, 1, 5), MSEC_NEVER);
	assert_int_equal(shop_free_at(shop, 1, ID, 5), MSEC_NEVER);
	assert_int_equal(shop_free_at(shop, 1, 1, 5), 0);
	uint64_t before = shop_releases(shop);
	shop_release(shop, ORDER, ID);
	assert_int_equal(shop_releases(shop), before + 1);
	assert_int_equal(shop_free_at(shop, ORDER, ID, 5), 0);
}

static void an_order_and_an_id_of_one_hash_are_two(void **state)
{
	(void)state;
	shop_take(shop, ORDER, ORDER, 0);
	assert_int_equal(shop_free_at(shop, ID, ID, 0), 0);
	shop_release(shop, ORDER, ORDER);
}

static void a_doubt_lasts_as_long_as_the_longest(void **state)
{
	(void)state;
	shop_doubt(shop, ORDER, ID, 100);
	shop_doubt(shop, ORDER, ID, 50);
	assert_int_equal(shop_free_at(shop, ORDER, 1, 60), 100);
	assert_int_equal(shop_free_at(shop, 1, ID, 60), 100);
	assert_int_equal(shop_doubted_until(shop, ID, 99), 100);
	assert_int_equal(shop_doubted_until(shop, ID, 100), 0);
	assert_int_equal(shop_free_at(shop, ORDER, ID, 100), 0);
}

static void a_doubt_that_comes_while_it_is_under_way_outlasts_it(void **state)
{
	(void)state;
	shop_take(shop, ORDER, ID, 0);
	shop_doubt(shop, ORDER, ID, 100);
	shop_release(shop, ORDER, ID);
	assert_int_equal(shop_free_at(shop, ORDER, ID, 1), 100);
}

static void whoever_takes_a_number_learns_of_its_doubt(void **state)
{
	(void)state;
	assert_false(shop_take(shop, ORDER, ID, 0));
	shop_doubt(shop, ORDER, ID, 100);
	shop_release(shop, ORDER, ID);
	assert_false(shop_take(shop, ORDER, 1, 100));
	shop_release(shop, ORDER, 1);
	assert_true(shop_take(shop, 1, ID, 100));
	shop_release(shop, 1, ID);
}

/* Withdrawn drops leave doubts that nobody will ask about. */
static void doubts_that_are_over_take_no_memory_for_long(void **state)
{
	(void)state;
	shop_take(shop, ORDER, ID, 0);
	shop_doubt(shop, 1, 2, MSEC_NEVER - 1);
	size_t before = mallinfo2().uordblks;
	for (uint64_t i = 1; i <= MANY; i++) {
		shop_doubt(shop, i << 32, i << 32 | 1, (msec_t)i);
		shop_take(shop, i << 16, i << 16 | 1, (msec_t)i);
		shop_release(shop, i << 16, i << 16 | 1);
	}
	size_t after = mallinfo2().uordblks;
	assert_true(after < before + (size_t)2 * 1024 * 1024);
	assert_int_equal(shop_free_at(shop, ORDER, 1, MANY), MSEC_NEVER);
	assert_int_equal(shop_free_at(shop, 1, ORDER, MANY), MSEC_NEVER - 1);
	assert_true(shop_doubted_until(shop, 2, MANY));
	shop_release(shop, ORDER, ID);
}

#define with_shop(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_shop(what_is_under_way_is_free_when_it_is_released),
		with_shop(an_order_and_an_id_of_one_hash_are_two),
		with_shop(a_doubt_lasts_as_long_as_the_longest),
		with_shop(a_doubt_that_comes_while_it_is_under_way_outlasts_it),
		with_shop(whoever_takes_a_number_learns_of_its_doubt),
		with_shop(doubts_that_are_over_take_no_memory_for_long),
	};
	return cmocka_run_group_tests_name("shop", tests, NULL, NULL);
}
