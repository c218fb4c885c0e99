/* SPDX-License-Identifier: MIT
 *
 * One table holds every sentence in both languages, so that a translator sees them side
 * by side and none can exist in one language only. {1} and {2} are numbers or names.
 * What follows a field continues the sentence `CommentId "12a"`; the rest stands alone.
 */
#include "core/document_words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

enum { SHOWN_CHARS = 60, WORDS_CHARS = 300, RULE_MAX_BYTES = 4096 };

struct sentence {
	const char *english;
	const char *french;
};

static const struct sentence sentences[SAY_COUNT] = {
	[SAY_EMPTY_FILE] = {"the file is empty: export it again", "le fichier est vide : "
								  "refaites l’export"},
	[SAY_BLANK_FILE] =
		{"the file holds nothing but white space or zero bytes: export it "
		 "again",
			"le fichier ne contient que des espaces ou des octets nuls : "
			"refaites l’export"},
	[SAY_OVERSIZE] = {"the file is {1} bytes long; at most {2} are allowed "
			  "(max_file_size): export smaller files",
		"le fichier compte {1} octets ; {2} au plus sont admis (max_file_size) : "
		"exportez des fichiers plus petits"},
	[SAY_DOCTYPE] = {"the file has a DOCTYPE ({1}), and none is allowed: remove "
			 "<!DOCTYPE ...> whole",
		"le fichier a un DOCTYPE ({1}), or aucun n’est admis : retirez "
		"<!DOCTYPE ...> en entier"},
	[SAY_SOAP] =
		{"the file is a whole SOAP envelope; the gateway writes the envelope "
		 "itself: drop only the part setCommentsRequest (or Comments)",
			"le fichier est une enveloppe SOAP entière ; la passerelle écrit "
			"elle-même "
			"l’enveloppe : ne déposez que la partie setCommentsRequest (ou "
			"Comments)"},
	[SAY_ROOT] = {"is not a document of this gateway: the outermost element must be "
		      "setCommentsRequest, Comments or Comment, in the namespace {1}",
		"n’est pas un document de cette passerelle : l’élément extérieur doit "
		"être "
		"setCommentsRequest, Comments ou Comment, dans l’espace de noms {1}"},
	[SAY_DEPTH] = {"elements are nested more than {1} deep; a comment file needs "
		       "three: "
		       "the exporter wrote something else",
		"les éléments sont imbriqués sur plus de {1} niveaux ; un fichier de "
		"commentaires en demande trois : l’export a produit autre chose"},
	[SAY_CROWD] = {"an element has a crowd of attributes, and none is allowed: "
		       "remove "
		       "them",
		"un élément a une foule d’attributs, or aucun n’est admis : retirez-les"},
	[SAY_BYTE_ORDER_MARK] =
		{"the file begins with the byte order mark of UTF-8, but its "
		 "first line says encoding=\"{1}\": make them agree",
			"le fichier commence par la marque d’ordre d’octets d’UTF-8, "
			"mais sa première "
			"ligne dit encoding=\"{1}\" : mettez-les d’accord"},
	[SAY_BROKEN_OFF] = {"the file breaks off: it ends before its document does: "
			    "export it again",
		"le fichier est tronqué : il finit avant son document : refaites "
		"l’export"},
	[SAY_MALFORMED] = {"the file is not well-formed XML: {1}",
		"le fichier n’est pas du XML bien formé : {1}"},
	[SAY_WRONG_BYTES] = {"the bytes here are not of the encoding that the first line "
			     "names (UTF-8, if it names none): save the file as UTF-8, "
			     "or "
			     "name its true encoding ({1})",
		"les octets ne sont pas ici de l’encodage que nomme la première ligne "
		"(UTF-8, si elle n’en nomme pas) : enregistrez le fichier en UTF-8, ou "
		"nommez "
		"son véritable encodage ({1})"},
	[SAY_UNKNOWN_ENCODING] =
		{"the encoding that the first line names is not known here: "
		 "save the file as UTF-8 ({1})",
			"l’encodage que nomme la première ligne n’est pas connu ici : "
			"enregistrez le "
			"fichier en UTF-8 ({1})"},
	[SAY_UNKNOWN_ENTITY] = {"an entity is used that XML does not know: write the "
				"character itself, or its number such as &#233; ({1})",
		"une entité est utilisée que XML ne connaît pas : écrivez le caractère "
		"lui-même, ou son numéro comme &#233; ({1})"},
	[SAY_BARE_AMPERSAND] = {"an \"&\" stands by itself: write &amp; instead ({1})",
		"un « & » se trouve seul : écrivez &amp; à sa place ({1})"},
	[SAY_BARE_LESS_THAN] =
		{"a \"<\" does not begin a tag: in a text, write &lt; instead "
		 "({1})",
			"un « < » ne commence pas une balise : dans un texte, écrivez "
			"&lt; à sa place "
			"({1})"},
	[SAY_TAGS_CROSSED] =
		{"an end tag does not match its start tag: close each element "
		 "before the one around it ({1})",
			"une balise de fin ne correspond pas à sa balise de début : "
			"fermez chaque "
			"élément avant celui qui l’entoure ({1})"},
	[SAY_BAD_CHARACTER] =
		{"a character stands here that XML does not allow: remove it "
		 "({1})",
			"il y a ici un caractère que XML n’admet pas : retirez-le ({1})"},
	[SAY_LATE_DECLARATION] =
		{"the declaration <?xml ...?> must be the very first thing "
		 "in the file: remove what stands before it ({1})",
			"la déclaration <?xml ...?> doit être tout au début du fichier : "
			"retirez ce "
			"qui la précède ({1})"},
	[SAY_EXTRA_CONTENT] = {"something follows after the end of the document; a file "
			       "holds one document: put the comments into one Comments "
			       "element ({1})",
		"quelque chose suit la fin du document ; un fichier contient un seul "
		"document : mettez les commentaires dans un seul élément Comments ({1})"},
	[SAY_NOT_XML] = {"the file is not XML: it must begin with \"<\" ({1})",
		"le fichier n’est pas du XML : il doit commencer par « < » ({1})"},
	[SAY_NO_NAMESPACE] =
		{"is in no namespace; it must be in {1}: declare it by xmlns",
			"n’est dans aucun espace de noms ; il doit être dans {1} : "
			"déclarez-le par "
			"xmlns"},
	[SAY_OTHER_NAMESPACE] = {"is in the namespace {2}; it must be in {1}",
		"est dans l’espace de noms {2} ; il doit être dans {1}"},
	[SAY_UNKNOWN_PREFIX] = {"has the prefix {2}, which is nowhere declared; declare "
				"it "
				"by xmlns:{2}=\"{1}\"",
		"a le préfixe {2}, qui n’est déclaré nulle part ; déclarez-le par "
		"xmlns:{2}=\"{1}\""},
	[SAY_UNKNOWN_ELEMENT] = {"is not allowed here; allowed here: {1}",
		"n’est pas admis ici ; sont admis ici : {1}"},
	[SAY_OTHER_CASE] = {"is not allowed here: write {1}, upper and lower case matter",
		"n’est pas admis ici : écrivez {1}, majuscules et minuscules comptent"},
	[SAY_MISSING] = {"is missing; it is required, even if it says nothing new",
		"manque ; il est obligatoire, même s’il n’apprend rien"},
	[SAY_TWICE] = {"stands here a second time; once is allowed",
		"se trouve ici une deuxième fois ; une seule est admise"},
	[SAY_WRONG_PLACE] = {"is in the wrong place; the order is {1}",
		"n’est pas à sa place ; l’ordre est {1}"},
	[SAY_ATTRIBUTE] = {"has the attribute {1}; no attributes are allowed: remove it",
		"a l’attribut {1} ; aucun attribut n’est admis : retirez-le"},
	[SAY_SCHEMA_ATTRIBUTE] =
		{"has the attribute {1}; no attributes are allowed, not "
		 "even this one, for the gateway has its own schema: remove "
		 "it",
			"a l’attribut {1} ; aucun attribut n’est admis, pas même "
			"celui-ci, car la "
			"passerelle a son propre schéma : retirez-le"},
	[SAY_STRAY_TEXT] =
		{"stands between the elements, where no text is allowed: remove "
		 "it, or put it into a field",
			"se trouve entre les éléments, où aucun texte n’est admis : "
			"retirez-le, ou "
			"mettez-le dans un champ"},
	[SAY_CHILD] =
		{"holds an element, {1}; only text is allowed in it: write &lt; for a "
		 "\"<\" that belongs to the text",
			"contient un élément, {1} ; seul du texte y est admis : écrivez "
			"&lt; pour un "
			"« < » qui fait partie du texte"},
	[SAY_INSTRUCTION] = {"holds a processing instruction, <?{1} ...?>; only text is "
			     "allowed in it: remove it",
		"contient une instruction de traitement, <?{1} ...?> ; seul du texte y "
		"est "
		"admis : retirez-la"},
	[SAY_BLANK] = {"is blank; it must not be", "est vide ; il ne doit pas l’être"},
	[SAY_TOO_LONG] = {"is {1} characters long; at most {2} are allowed",
		"compte {1} caractères ; {2} au plus sont admis"},
	[SAY_SPACE_AROUND] =
		{"begins or ends with white space, which is not allowed: write "
		 "the value right between its tags, on one line",
			"commence ou finit par une espace, ce qui n’est pas admis : "
			"écrivez la valeur "
			"directement entre ses balises, sur une ligne"},
	[SAY_CONTROL] =
		{"holds the control character {1}, which is not allowed: remove it",
			"contient le caractère de contrôle {1}, qui n’est pas admis : "
			"retirez-le"},
	[SAY_NOT_A_DATE] = {"is not a date: write year-month-day, such as 2020-05-01",
		"n’est pas une date : écrivez année-mois-jour, comme 2020-05-01"},
	[SAY_NO_SUCH_DAY] =
		{"is not a day of the calendar: write year-month-day, such as "
		 "2020-05-01",
			"n’est pas un jour du calendrier : écrivez année-mois-jour, "
			"comme 2020-05-01"},
	[SAY_NOT_A_BOOLEAN] =
		{"is neither true nor false: write true or false (or 1 or 0)",
			"n’est ni true ni false : écrivez true ou false (ou 1 ou 0)"},
	[SAY_OTHER_WEBSITE] =
		{"is not the website of this gateway, which is \"{1}\": drop "
		 "the file where its own website is served, or mend the code",
			"n’est pas le site de cette passerelle, qui est « {1} » : "
			"déposez le fichier "
			"là où son propre site est servi, ou corrigez le code"},
	[SAY_SHOP_ID] =
		{"is not a whole number from 1 to 2147483647 without leading zeros. "
		 "This is a limit of the shop (OpenSi Connect), which would store it "
		 "as another number; shop_limits = false lifts the check",
			"n’est pas un nombre entier de 1 à 2147483647 sans zéros "
			"initiaux. C’est une "
			"limite de la boutique (OpenSi Connect), qui l’enregistrerait "
			"sous un autre "
			"numéro ; shop_limits = false lève ce contrôle"},
	[SAY_SHOP_LENGTH] =
		{"is {1} bytes long in UTF-8; at most {2} are allowed. This is a "
		 "limit of the shop (OpenSi Connect), which would cut the rest "
		 "off in silence; shop_limits = false lifts the check",
			"compte {1} octets en UTF-8 ; {2} au plus sont admis. C’est une "
			"limite de la "
			"boutique (OpenSi Connect), qui couperait le reste en silence ; "
			"shop_limits = false lève ce contrôle"},
	[SAY_SHOP_TWICE] =
		{"has already been used by comment {1} (line {2}) with another "
		 "content: give each comment a number of its own. This is a limit "
		 "of the shop (OpenSi Connect), which would keep only the first; "
		 "shop_limits = false lifts the check",
			"a déjà servi au commentaire {1} (ligne {2}) avec un autre "
			"contenu : donnez à "
			"chaque commentaire son propre numéro. C’est une limite de la "
			"boutique "
			"(OpenSi Connect), qui ne garderait que le premier ; shop_limits "
			"= false lève "
			"ce contrôle"},
	[SAY_SCHEMA] = {"does not follow the schema: {1}", "ne suit pas le schéma : {1}"},
};

static char *shown(const char *text, size_t max_chars)
{
	auto_buf struct buf clean = {.max_bytes = RULE_MAX_BYTES};
	text_add_clean(&clean, text, strlen(text), max_chars);
	return buf_take(&clean);
}

static void add_filled(struct buf *out, const char *text, const struct fault *fault)
{
	for (const char *brace; (brace = strchr(text, '{')); text = brace + 3) {
		const char *filling = brace[1] == '1' ? fault->first : fault->second;
		assert(filling);
		buf_add(out, text, (size_t)(brace - text));
		text_add_clean(out, filling, strlen(filling), WORDS_CHARS);
	}
	buf_add_text(out, text);
}

void problems_add(struct problems *p, bool french, const struct fault *fault)
{
	p->count++;
	if (p->kept_count == PROBLEMS_KEPT)
		return;

	const struct sentence *sentence = &sentences[fault->say];
	auto_buf struct buf rule = {.max_bytes = RULE_MAX_BYTES};
	add_filled(&rule, french ? sentence->french : sentence->english, fault);
	p->kept[p->kept_count++] = (struct problem){
		.line = fault->line,
		.comment = fault->comment,
		.field = fault->field ? shown(fault->field, SHOWN_CHARS) : NULL,
		.value = fault->value ? shown(fault->value, SHOWN_CHARS) : NULL,
		.rule = buf_take(&rule),
	};
}

void problems_name_order(struct problems *p, size_t first, const char *order)
{
	for (size_t i = first; i < p->kept_count; i++)
		p->kept[i].order = shown(order, SHOWN_CHARS);
}

void problems_done(struct problems *p)
{
	for (size_t i = 0; i < p->kept_count; i++) {
		free(p->kept[i].order);
		free(p->kept[i].field);
		free(p->kept[i].value);
		free(p->kept[i].rule);
	}
	*p = (struct problems){0};
}

char *words_of_libxml2(const char *message)
{
	size_t len = message ? strlen(message) : 0;
	while (len && (message[len - 1] == '\n' || message[len - 1] == ' '))
		len--;
	auto_buf struct buf clean = {.max_bytes = RULE_MAX_BYTES};
	text_add_clean(&clean, message ? message : "", len, WORDS_CHARS);
	return buf_take(&clean);
}
