/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct word {
	char text[24];
	int visits;
	struct table_node node;
};

static struct word *word_of(struct table_node *node)
{
	return node ? table_member(node, struct word, node) : NULL;
}

static struct word *find(const struct table *t, const char *text)
{
	uint64_t hash = table_hash(text, strlen(text));
	struct table_node *node = table_find(t, hash, NULL);
	while (node && strcmp(word_of(node)->text, text) != 0)
		node = table_find(t, hash, node);
	return word_of(node);
}

static void nothing_is_found_in_an_empty_table(void **state)
{
	(void)state;
	struct table t = {0};
	assert_null(table_find(&t, 1, NULL));
	assert_null(table_next(&t, NULL));
	table_done(&t);
	table_done(&t);
}

static void every_member_is_found_until_it_leaves(void **state)
{
	(void)state;
	enum { MANY = 5000 };
	static struct word words[MANY];
	struct table t = {0};
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(words[i].text, sizeof(words[i].text), "word %d", i);
		table_add(&t, &words[i].node,
			table_hash(words[i].text, strlen(words[i].text)));
	}
	assert_int_equal(t.count, MANY);
	for (int i = 0; i < MANY; i += 2)
		table_remove(&t, &words[i].node);
	assert_int_equal(t.count, MANY / 2);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(find(&t, words[i].text), i % 2 ? &words[i] : NULL);
	table_done(&t);
}

static void equal_hashes_are_told_apart_by_the_owner(void **state)
{
	(void)state;
	struct word words[3] = {{.visits = 0}};
	struct table t = {0};
	for (int i = 0; i < 3; i++)
		table_add(&t, &words[i].node, 42);
	table_add(&t, &(struct word){.text = "same bucket"}.node, 42 + 64);

	struct table_node *node = NULL;
	while ((node = table_find(&t, 42, node)))
		word_of(node)->visits++;
	for (int i = 0; i < 3; i++)
		assert_int_equal(words[i].visits, 1);

	table_remove(&t, &words[1].node);
	for (int i = 0; (node = table_find(&t, 42, node)); i++)
		assert_ptr_not_equal(word_of(node), &words[1]);
	table_done(&t);
}

static void a_walk_visits_each_member_once(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	static struct word words[MANY];
	struct table t = {0};
	for (uint64_t i = 0; i < MANY; i++)
		table_add(&t, &words[i].node, i * i);
	for (struct table_node *node = NULL; (node = table_next(&t, node));)
		word_of(node)->visits++;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(words[i].visits, 1);
	table_done(&t);
}

static void members_may_leave_during_a_walk(void **state)
{
	(void)state;
	enum { MANY = 300 };
	static struct word words[MANY];
	struct table t = {0};
	for (uint64_t i = 0; i < MANY; i++)
		table_add(&t, &words[i].node, i / 3);
	for (struct table_node *node = table_next(&t, NULL), *next; node; node = next) {
		next = table_next(&t, node);
		word_of(node)->visits++;
		table_remove(&t, node);
	}
	assert_int_equal(t.count, 0);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(words[i].visits, 1);
	table_done(&t);
}

static void equal_bytes_hash_equally_and_others_do_not(void **state)
{
	(void)state;
	char bytes[64] = "";
	for (size_t len = 0; len < sizeof(bytes); len++) {
		uint64_t hash = table_hash(bytes, len);
		assert_true(hash == table_hash(bytes, len));
		assert_true(hash != table_hash(bytes, len + 1));
		for (size_t i = 0; i < len; i++) {
			bytes[i] = 1;
			assert_true(hash != table_hash(bytes, len));
			bytes[i] = 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_in_an_empty_table),
		cmocka_unit_test(every_member_is_found_until_it_leaves),
		cmocka_unit_test(equal_hashes_are_told_apart_by_the_owner),
		cmocka_unit_test(a_walk_visits_each_member_once),
		cmocka_unit_test(members_may_leave_during_a_walk),
		cmocka_unit_test(equal_bytes_hash_equally_and_others_do_not),
	};
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
