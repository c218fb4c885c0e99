/* SPDX-License-Identifier: MIT */
#include "core/soap_read.h"

#include <libxml/parser.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/response.h"
#include "effort.h"
#include "soap_bodies.h"

enum { MAX_BYTES = RESPONSE_MAX_BYTES + 4096 };

static const struct effort many = {
	.all = RESPONSE_MAX_BYTES, .sample = 300000, .under_valgrind = 10000};

/* Seconds of the processor: several times what a sanitizer needs, and less than a sample
 * takes that is read in quadratic time. */
static const struct effort slowest = {.all = 90, .sample = 10, .under_valgrind = 20};

static enum soap_form form_of_bytes(const char *bytes, size_t len)
{
	auto_with(soap_done) struct soap_answer answer = {0};

	soap_read(bytes, len, 2, &answer);
	return answer.form;
}

static enum soap_form form_of(const char *body)
{
	return form_of_bytes(body, strlen(body));
}

static void assert_fault(const char *body, const char *code, const char *text)
{
	auto_with(soap_done) struct soap_answer answer = {0};

	soap_read(body, strlen(body), 2, &answer);
	assert_int_equal(answer.form, SOAP_FAULT);
	assert_string_equal(answer.fault_code, code);
	assert_string_equal(answer.fault_text, text);
	assert_null(answer.results);
}

/* head, then piece over and over (# becomes a number), then tail. */
static enum soap_form form_of_many(const char *head, const char *piece, const char *tail)
{
	auto_buf struct buf b = {.max_bytes = MAX_BYTES};
	const char *number = strchr(piece, '#');
	size_t pieces = effort(many);

	buf_add_text(&b, head);
	for (size_t i = 0; i < pieces && b.len < RESPONSE_MAX_BYTES - 200; i++) {
		buf_add(&b, piece, number ? (size_t)(number - piece) : strlen(piece));
		if (number)
			buf_add_format(&b, "%zu%s", i, number + 1);
	}
	buf_add_text(&b, tail);
	return form_of_bytes(buf_peek(&b), b.len);
}

static void results_are_read_as_they_came(void **state)
{
	auto_with(soap_done) struct soap_answer answer = {0};
	auto_buf struct buf b = {.max_bytes = MAX_BYTES};

	(void)state;
	read_fixture("two-results.xml", &b);
	soap_read(buf_peek(&b), b.len, 5, &answer);
	assert_int_equal(answer.form, SOAP_RESULTS);
	assert_false(answer.foreign);
	assert_int_equal(answer.kept, 2);
	assert_string_equal(answer.results[0].key, "1");
	assert_string_equal(answer.results[0].code, "1002");
	assert_string_equal(answer.results[0].message, "");
	assert_string_equal(answer.results[1].key, "777");
}

static void no_more_results_are_kept_than_were_wanted(void **state)
{
	static const char body[] = ANSWER(
		RESULT("A", "1002", "") RESULT("B", "1002", "") RESULT("C", "3002", ""));
	auto_with(soap_done) struct soap_answer answer = {0};

	(void)state;
	soap_read(body, strlen(body), 2, &answer);
	assert_int_equal(answer.kept, 2);
	assert_int_equal(answer.count, 3);
	assert_string_equal(answer.results[1].key, "B");
}

static void white_space_and_a_mark_before_the_declaration_are_forgiven(void **state)
{
	(void)state;
	assert_int_equal(form_of("\xEF\xBB\xBF\r\n <?xml version='1.0'?>" ANSWER("")),
		SOAP_RESULTS);
}

static void only_our_answer_in_its_namespace_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(form_of(ENVELOPE("<o:getVersionResponse/>")), SOAP_NEITHER);
	assert_int_equal(form_of(ENVELOPE("<x:setCommentsResponse/>")), SOAP_NEITHER);
	assert_int_equal(form_of(ENVELOPE("")), SOAP_NEITHER);
	assert_int_equal(form_of("<setCommentsResponse xmlns='http://www.opensi.fr'/>"),
		SOAP_NEITHER);
	assert_int_equal(
		form_of("<Envelope><Body><Fault/></Body></Envelope>"), SOAP_NEITHER);
}

static void results_that_are_not_well_formed_are_no_results(void **state)
{
	static const char *const bodies[] = {
		ANSWER(RESULT("1", "1002", "a & b")),
		ANSWER(RESULT("1", "1002", "")) "<",
		"Warning" ANSWER(RESULT("1", "1002", "")),
		ANSWER(RESULT("1", "1002", "\xE9")),
		ANSWER(RESULT("1", "1002", "<br><s:Fault>")),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(form_of(bodies[i]), SOAP_NEITHER);
}

static void a_cut_answer_is_no_answer_wherever_it_was_cut(void **state)
{
	auto_buf struct buf b = {.max_bytes = MAX_BYTES};

	(void)state;
	read_fixture("two-results.xml", &b);
	size_t whole = (size_t)(strrchr(buf_peek(&b), '>') + 1 - buf_peek(&b));
	for (size_t len = 0; len < whole; len++)
		assert_int_equal(form_of_bytes(buf_peek(&b), len), SOAP_NEITHER);
	assert_int_equal(form_of_bytes(buf_peek(&b), whole), SOAP_RESULTS);
}

static void a_fault_among_results_is_a_fault(void **state)
{
	(void)state;
	assert_fault(
		ENVELOPE("<o:setCommentsResponse>" RESULT("A", "1002",
			"") "</o:setCommentsResponse><s:Fault><faultcode>a</faultcode>"
			    "<faultstring>b</faultstring></s:Fault>"),
		"a", "b");
}

static void a_fault_that_is_not_well_formed_keeps_its_words(void **state)
{
	(void)state;
	assert_fault(
		FAULT("s:Server", " <b>a</b> & \"b\" "), "s:Server", "<b>a</b> & \"b\"");
	assert_fault("<br>PHP says <i>\n<e:Envelope><e:Header><h/></e:Header><e:Body>"
		     "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason>"
		     "<e:Text xml:lang='en'>no",
		"e:Sender", "no");
	assert_fault("<Envelope><Body><Fault>&", "", "");
}

static void a_fault_elsewhere_than_first_in_the_body_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(form_of("<a:Envelope><a:Body><b>& <a:Fault>"), SOAP_NEITHER);
	assert_int_equal(form_of("<a:Body><a:Fault>& "), SOAP_NEITHER);
	assert_int_equal(form_of("<p>an Envelope, a Body, a Fault &"), SOAP_NEITHER);
	assert_int_equal(form_of("<NoEnvelope><Body><Fault>&"), SOAP_NEITHER);
}

static void a_doctype_is_never_looked_into(void **state)
{
	(void)state;
	assert_int_equal(form_of("<!DOCTYPE a>" ANSWER("")), SOAP_NEITHER);
	assert_int_equal(
		form_of(" <?xml version='1.0'?><!-- > --> <!DOCTYPE a>" FAULT("a", "b")),
		SOAP_NEITHER);
	assert_int_equal(form_of(ANSWER("<![CDATA[<!DOCTYPE a>]]>")), SOAP_RESULTS);
}

/* Each entity holds the one before twenty times: libxml2 would expand them for hours. */
static void entity_bombs_do_not_go_off(void **state)
{
	auto_buf struct buf b = {.max_bytes = MAX_BYTES};

	(void)state;
	buf_add_text(&b, "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY % a 'boom'>");
	for (int name = 'b'; name <= 'o'; name++) {
		buf_add_format(&b, "<!ENTITY %% %c '", name);
		for (int i = 0; i < 20; i++)
			buf_add_format(&b, "&#37;%c;", name - 1);
		buf_add_text(&b, "'>");
	}
	buf_add_text(&b, "%o;]>" ANSWER(""));
	assert_int_equal(form_of_bytes(buf_peek(&b), b.len), SOAP_NEITHER);
}

static void other_encodings_hide_nothing(void **state)
{
	static const char wide[] = "<\0!\0D\0O\0C\0T\0Y\0P\0E\0 \0a\0>\0<\0a\0/\0>\0";

	(void)state;
	assert_int_equal(form_of_bytes(wide, sizeof(wide) - 1), SOAP_NEITHER);
	assert_int_equal(form_of("<?xml version='1.0' encoding='IBM037'?>" ANSWER("")),
		SOAP_RESULTS);
	assert_int_equal(form_of("\x4C\x6F\xA7\x94\x93"), SOAP_NEITHER);
}

static void size_and_depth_are_bounded(void **state)
{
	char blanks[4096];
	auto_buf struct buf b = {.max_bytes = MAX_BYTES};

	(void)state;
	memset(blanks, ' ', sizeof(blanks));
	assert_int_equal(form_of_many("<a>", "<a>", ""), SOAP_NEITHER);
	buf_add_text(&b, ANSWER(""));
	while (b.len <= RESPONSE_MAX_BYTES) {
		size_t room = RESPONSE_MAX_BYTES + 1 - b.len;
		buf_add(&b, blanks, room < sizeof(blanks) ? room : sizeof(blanks));
	}
	assert_int_equal(form_of_bytes(buf_peek(&b), b.len - 1), SOAP_RESULTS);
	assert_int_equal(form_of_bytes(buf_peek(&b), b.len), SOAP_NEITHER);
}

static void much_of_anything_is_soon_read(void **state)
{
	(void)state;
	assert_int_equal(form_of_many(ANSWER("") "<!--", "x", "-->"), SOAP_RESULTS);
	assert_int_equal(form_of_many("<a", " a#=''", "/>"), SOAP_NEITHER);
	assert_int_equal(form_of_many("<a", " xmlns:a#=''", "/>"), SOAP_NEITHER);
	assert_int_equal(form_of_many("<Envelope>&", "<Body", ""), SOAP_NEITHER);
	assert_int_equal(form_of_many("<s:Envelope xmlns:s='" SOAP11 "'>", "<a/>",
				 "</s:Envelope>"),
		SOAP_NEITHER);
	assert_int_equal(
		form_of_many(
			"<s:Envelope xmlns:s='" SOAP11 "'"
			" xmlns='http://www.opensi.fr'><s:Body><setCommentsResponse>",
			"<return/>", "</setCommentsResponse></s:Body></s:Envelope>"),
		SOAP_RESULTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_read_as_they_came),
		cmocka_unit_test(no_more_results_are_kept_than_were_wanted),
		cmocka_unit_test(
			white_space_and_a_mark_before_the_declaration_are_forgiven),
		cmocka_unit_test(only_our_answer_in_its_namespace_is_an_answer),
		cmocka_unit_test(results_that_are_not_well_formed_are_no_results),
		cmocka_unit_test(a_cut_answer_is_no_answer_wherever_it_was_cut),
		cmocka_unit_test(a_fault_among_results_is_a_fault),
		cmocka_unit_test(a_fault_that_is_not_well_formed_keeps_its_words),
		cmocka_unit_test(
			a_fault_elsewhere_than_first_in_the_body_is_not_believed),
		cmocka_unit_test(a_doctype_is_never_looked_into),
		cmocka_unit_test(entity_bombs_do_not_go_off),
		cmocka_unit_test(other_encodings_hide_nothing),
		cmocka_unit_test(size_and_depth_are_bounded),
		cmocka_unit_test(much_of_anything_is_soon_read),
	};

	rlim_t limit = effort(slowest);
	if (setrlimit(RLIMIT_CPU, &(struct rlimit){limit, limit + 1}) < 0)
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	xmlCleanupParser();
	return r;
}
