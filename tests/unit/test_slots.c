/* SPDX-License-Identifier: MIT */
#include "base/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define auto_slots auto_with(slots_done) struct slots

enum { MANY = 50000 };

static size_t size_of(size_t i)
{
	return 1 + i * 7919 % SLOT_MAX_BYTES;
}

static void fill(const struct slots *s, uint32_t slot, size_t i)
{
	memset(slots_at(s, slot), (int)(i % 251), size_of(i));
}

static void assert_filled(const struct slots *s, uint32_t slot, size_t i)
{
	const unsigned char *bytes = slots_at(s, slot);
	for (size_t at = 0; at < size_of(i); at++)
		assert_int_equal(bytes[at], i % 251);
}

static void slots_do_not_touch_each_other(void **state)
{
	(void)state;
	static uint32_t slots[MANY];
	auto_slots s = {0};
	for (size_t i = 0; i < MANY; i++) {
		slots[i] = slots_take(&s, size_of(i));
		assert_int_not_equal(slots[i], 0);
		assert_int_equal((uintptr_t)slots_at(&s, slots[i]) % SLOT_UNIT, 0);
		fill(&s, slots[i], i);
	}
	for (size_t i = 0; i < MANY; i += 2)
		slots_give(&s, slots[i], size_of(i));
	for (size_t i = 0; i < MANY; i += 2) {
		slots[i] = slots_take(&s, size_of(i));
		fill(&s, slots[i], i);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_filled(&s, slots[i], i);
}

static void what_was_given_back_is_taken_again(void **state)
{
	(void)state;
	auto_slots s = {0};
	uint32_t kept = slots_take(&s, 40);
	uint32_t first = slots_take(&s, 40);
	uint32_t second = slots_take(&s, 33);
	slots_give(&s, first, 40);
	slots_give(&s, second, 33);
	assert_int_equal(slots_take(&s, 34), second);
	assert_int_equal(slots_take(&s, 40), first);
	assert_int_not_equal(slots_take(&s, 40), kept);
}

static void pointers_stay_good(void **state)
{
	(void)state;
	auto_slots s = {0};
	uint32_t slot = slots_take(&s, 16);
	const void *at = slots_at(&s, slot);
	for (size_t i = 0; i < MANY; i++)
		(void)slots_take(&s, 64);
	assert_ptr_equal(slots_at(&s, slot), at);
}

static void all_memory_but_a_block_goes_with_the_last(void **state)
{
	(void)state;
	static uint32_t slots[MANY];
	auto_slots s = {0};
	for (size_t i = 0; i < MANY; i++)
		slots[i] = slots_take(&s, 64);
	assert_true(s.block_count > 1);
	for (size_t i = 0; i < MANY; i++)
		slots_give(&s, slots[i], 64);
	assert_int_equal(s.block_count, 1);
	assert_int_equal(slots_take(&s, 8), slots[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_do_not_touch_each_other),
		cmocka_unit_test(what_was_given_back_is_taken_again),
		cmocka_unit_test(pointers_stay_good),
		cmocka_unit_test(all_memory_but_a_block_goes_with_the_last),
	};
	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
