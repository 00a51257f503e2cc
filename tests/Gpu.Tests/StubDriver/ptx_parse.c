/* From text to kernels: each instruction its row of the tables, each register a place in a warp's rows, each number a row that holds it. What is not known is an error here. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ptx_machine.h"

#define ROW_BYTES(letter) ((letter) == 'd' ? 8 * LANES : (letter) == 'p' ? 4 : 4 * LANES)

typedef struct {
    const char* at;
    int line;
    Kernel* kernel;
    Symbol* symbols;
    int symbol_count, symbol_room, code_room, constant_room;
    int scopes[32], scope_count;         /* how many symbols there were when each began */
    struct { int instruction; char* label; int line; } *jumps;
    int jump_count, jump_room;
    char* message;
    int room;
    Kernel* first;
    jmp_buf escape;
} Parser;

static const char* const special_names[SPECIAL_ROWS] = { "%tid.x", "%tid.y", "%tid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid" };

#define GROW(items, count, room) do { if ((count) == (room)) (items) = realloc((items), (size_t)((room) = 2 * (room) + 64) * sizeof *(items)); } while (0)

static void wrong(Parser* parser, const char* format, ...) __attribute__((noreturn, format(printf, 2, 3)));
static void wrong(Parser* parser, const char* format, ...) {
    va_list arguments;
    int length = snprintf(parser->message, (size_t)parser->room, "line %d%s%s: ", parser->line, parser->kernel ? " of " : "", parser->kernel ? parser->kernel->name : "");
    va_start(arguments, format);
    if (length < parser->room) vsnprintf(parser->message + length, (size_t)(parser->room - length), format, arguments);
    va_end(arguments);
    longjmp(parser->escape, 1);
}

/* ---- Words ------------------------------------------------------------------------------------------------------------ */

static void skip(Parser* parser) {
    for (;;) {
        const char* at = parser->at;
        if (*at == '\n') parser->line++, parser->at++;
        else if (isspace((unsigned char)*at)) parser->at++;
        else if (at[0] == '/' && at[1] == '/') parser->at += strcspn(at, "\n");
        else if (at[0] == '/' && at[1] == '*') { for (; *parser->at && (parser->at[0] != '*' || parser->at[1] != '/'); parser->at++) if (*parser->at == '\n') parser->line++; parser->at += 2; }
        else return;
    }
}

static int is_word(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '%' || c == '.'; }

static int takes(Parser* parser, char mark) { skip(parser); if (*parser->at != mark) return 0; parser->at++; return 1; }

static void expect(Parser* parser, char mark) { if (!takes(parser, mark)) wrong(parser, "'%c' expected before '%.20s'", mark, parser->at); }

/* The next name, directive, register or mnemonic; empty where something else is next. */
static void word(Parser* parser, char* into, int room) {
    int length = 0;
    skip(parser);
    while (is_word(*parser->at) && length < room - 1) into[length++] = *parser->at++;
    into[length] = 0;
}

static int64_t number(Parser* parser) {
    char* end;
    int64_t value;
    skip(parser);
    const char* at = parser->at;
    if (at[0] == '0' && (at[1] == 'f' || at[1] == 'F' || at[1] == 'd' || at[1] == 'D')) value = (int64_t)strtoull(at + 2, &end, 16);
    else value = *at == '-' ? strtoll(at, &end, 0) : (int64_t)strtoull(at, &end, 0);
    if (end == at) wrong(parser, "a number expected before '%.20s'", at);
    while (*end == 'U' || *end == 'L') end++;
    parser->at = end;
    return value;
}

static int is_number(const char* at) { return isdigit((unsigned char)*at) || (*at == '-' && isdigit((unsigned char)at[1])); }

/* ---- Names ------------------------------------------------------------------------------------------------------------ */

static Symbol* declare(Parser* parser, const char* name, char letter, int32_t row, int64_t value) {
    GROW(parser->symbols, parser->symbol_count, parser->symbol_room);
    Symbol* symbol = &parser->symbols[parser->symbol_count++];
    *symbol = (Symbol){ strdup(name), row, letter, letter == 'l', value };
    return symbol;
}

static Symbol* find(Parser* parser, const char* name) {
    for (int i = parser->symbol_count - 1; i >= 0; i--) if (strcmp(parser->symbols[i].name, name) == 0) return &parser->symbols[i];
    return 0;
}

static void forget(Parser* parser, int count) { while (parser->symbol_count > count) free(parser->symbols[--parser->symbol_count].name); }

static int32_t new_row(Parser* parser, char letter) {
    int32_t row = parser->kernel->row_bytes;
    parser->kernel->row_bytes += letter == 'p' ? 64 : ROW_BYTES(letter);
    return row;
}

static int32_t constant(Parser* parser, char letter, int64_t value) {
    Kernel* kernel = parser->kernel;
    if (letter == 'w') value = (int32_t)value;
    for (int i = 0; i < kernel->constant_count; i++) if (kernel->constants[i].letter == letter && kernel->constants[i].value == value) return kernel->constants[i].row;
    GROW(kernel->constants, kernel->constant_count, parser->constant_room);
    kernel->constants[kernel->constant_count] = (Constant){ new_row(parser, letter), letter, value };
    return kernel->constants[kernel->constant_count++].row;
}

static int bytes_of(Parser* parser, const char* type) {
    int bits = strpbrk(type, "0123456789") ? atoi(strpbrk(type, "0123456789")) : 0;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) wrong(parser, "the type '%s' is not known", type);
    return bits / 8;
}

/* .reg .b32 %r<20>; or names with commas between. */
static void registers(Parser* parser) {
    char type[64], name[256], numbered[300];
    word(parser, type, sizeof type);
    char letter = strcmp(type, ".pred") == 0 ? 'p' : bytes_of(parser, type) == 8 ? 'd' : 'w';
    do {
        word(parser, name, sizeof name);
        if (!takes(parser, '<')) { declare(parser, name, letter, new_row(parser, letter), 0); continue; }
        int64_t count = number(parser);
        expect(parser, '>');
        for (int64_t i = 0; i < count; i++) { snprintf(numbered, sizeof numbered, "%s%ld", name, (long)i); declare(parser, numbered, letter, new_row(parser, letter), 0); }
    } while (takes(parser, ','));
    expect(parser, ';');
}

/* .align 8 .b8 name[24]: how long it is, and what it must be a multiple of. Ends behind it. */
static int64_t variable(Parser* parser, char* name, int room, int* align) {
    char type[64];
    int64_t length = 1;
    *align = 0;
    for (;;) {
        word(parser, type, sizeof type);
        if (strcmp(type, ".align") == 0) *align = (int)number(parser);
        else break;
    }
    int bytes = bytes_of(parser, type);
    if (!*align) *align = bytes;
    word(parser, name, room);
    if (takes(parser, '[')) { length = takes(parser, ']') ? 0 : number(parser); if (length) expect(parser, ']'); }
    return length * bytes;
}

/* Between variables lies what nobody may touch. */
static void shared(Parser* parser) {
    char name[256];
    int align;
    Kernel* kernel = parser->kernel;
    int64_t bytes = variable(parser, name, sizeof name, &align);
    int begin = (kernel->shared_bytes + 64 + 255) / 256 * 256, end = begin + (int)bytes;
    expect(parser, ';');
    if (bytes == 0) wrong(parser, "'%s' has no length", name);
    kernel->shared_is_variable = realloc(kernel->shared_is_variable, (size_t)end);
    memset(kernel->shared_is_variable + kernel->shared_bytes, 0, (size_t)(end - kernel->shared_bytes));
    memset(kernel->shared_is_variable + begin, 1, (size_t)bytes);
    kernel->shared_bytes = end;
    kernel->counted_shared = (kernel->counted_shared + align - 1) / align * align + (int)bytes;
    declare(parser, name, 's', 0, begin);
}

/* .extern .shared .align 16 .b8 name[]: as much as a launch gives. */
static void dynamic(Parser* parser) {
    char name[256];
    int align;
    word(parser, name, sizeof name);
    if (strcmp(name, ".shared") != 0) wrong(parser, "'.extern %s' is not known", name);
    if (variable(parser, name, sizeof name, &align) != 0) wrong(parser, "'%s' has a length", name);
    expect(parser, ';');
    declare(parser, name, 's', 0, DYNAMIC_SHARED);
}

/* ---- Instructions ----------------------------------------------------------------------------------------------------- */

static Symbol* find_register(Parser* parser, const char* name, char letter) {
    Symbol* symbol = find(parser, name);
    if (!symbol || !strchr("wdp", symbol->letter)) wrong(parser, "the register '%s' is not declared", name);
    if (symbol->letter != letter) wrong(parser, "the register '%s' is of another size", name);
    return symbol;
}

/* A register or number that is read or written. */
static void value(Parser* parser, Instruction* instruction, int k, char letter) {
    char name[256];
    skip(parser);
    if (is_number(parser->at)) { instruction->operands[k] = constant(parser, letter, number(parser)); return; }
    word(parser, name, sizeof name);
    Symbol* symbol = find(parser, name);
    if (symbol && symbol->letter == 's' && letter != 'p') instruction->operands[k] = constant(parser, letter, symbol->value);
    else instruction->operands[k] = find_register(parser, name, letter)->row;
}

/* [base+number], the base a register, a variable or a number; parameters lie at a place. */
static void address(Parser* parser, Instruction* instruction, int k, int of_parameters) {
    char name[256];
    int64_t offset = 0;
    expect(parser, '[');
    skip(parser);
    if (is_number(parser->at)) { instruction->operands[k] = constant(parser, 'd', number(parser)); name[0] = 0; }
    else word(parser, name, sizeof name);
    if (takes(parser, '+')) offset = number(parser);
    else if (skip(parser), *parser->at == '-') offset = number(parser);
    expect(parser, ']');
    Symbol* symbol = find(parser, name);
    if (of_parameters) {
        if (!symbol || symbol->letter != 'm') wrong(parser, "the parameter '%s' is not declared", name);
        instruction->operands[k] = (int32_t)(symbol->value + offset);
        return;
    }
    if (name[0] && !symbol) wrong(parser, "'%s' is not declared", name);
    if (symbol && symbol->letter == 's') instruction->operands[k] = constant(parser, 'd', symbol->value);
    else if (symbol && (symbol->letter == 'd' || symbol->letter == 'w')) instruction->operands[k] = symbol->row, instruction->narrow |= (uint32_t)(symbol->letter == 'w') << k;
    else if (symbol) wrong(parser, "'%s' is no address", name);
    instruction->operands[k + 1] = (int32_t)offset;
}

static void operands(Parser* parser, Instruction* instruction) {
    int k = 0;
    for (const char* letter = instruction->operation->operands; *letter; letter++) {
        if (*letter == '}') { expect(parser, '}'); continue; }
        if (letter > instruction->operation->operands && letter[-1] != '{' && !takes(parser, ',')) expect(parser, '|');
        switch (*letter) {
        case '{': expect(parser, '{'); break;
        case 'a': address(parser, instruction, k, 0); k += 2; break;
        case 'm': address(parser, instruction, k++, 1); break;
        case 'i': instruction->operands[k++] = (int32_t)number(parser); break;
        case 'l': {
            char name[256];
            word(parser, name, sizeof name);
            GROW(parser->jumps, parser->jump_count, parser->jump_room);
            parser->jumps[parser->jump_count].instruction = parser->kernel->count;
            parser->jumps[parser->jump_count].label = strdup(name);
            parser->jumps[parser->jump_count++].line = parser->line;
            k++;
            break;
        }
        default: value(parser, instruction, k++, *letter); break;
        }
    }
}

/* Whether the text up to the semicolon has as many operands and the same braces; of what is the same in both the first is a register of the row's size. */
static int fits(Parser* parser, const char* letters) {
    const char* at = parser->at;
    char name[256];
    int length = 0;
    for (const char* letter = letters; *letter; letter++) {
        while (isspace((unsigned char)*at)) at++;
        if (*letter == '}') { if (*at++ != '}') return 0; continue; }
        if (letter > letters && letter[-1] != '{') { if (*at != ',' && *at != '|') return 0; at++; while (isspace((unsigned char)*at)) at++; }
        if (*letter == '{') { if (*at++ != '{') return 0; continue; }
        if ((*letter == 'a' || *letter == 'm') != (*at == '[')) return 0;
        if (*at == '{') return 0;
        if (*at == '[') { at += strcspn(at, "]") + 1; continue; }
        for (length = 0; is_word(*at) || *at == '-'; at++) if (length < 255) name[length++] = *at;
        if (length == 0) return 0;
        name[length] = 0;
        Symbol* symbol = find(parser, name);
        if (*letter == 'p' && symbol && symbol->letter != 'p') return 0;
    }
    while (isspace((unsigned char)*at)) at++;
    return *at == ';';
}

static const Operation* operation_of(Parser* parser, const char* name) {
    static const Operation* const tables[] = { arithmetic_operations, memory_operations, warp_operations };
    int is_known = 0;
    for (int i = 0; i < 3; i++) {
        for (const Operation* operation = tables[i]; operation->name; operation++) {
            if (strcmp(operation->name, name) != 0) continue;
            is_known = 1;
            if (fits(parser, operation->operands)) return operation;
        }
    }
    wrong(parser, is_known ? "the instruction '%s' is not known with such operands" : "the instruction '%s' is not known", name);
}

static void instruction(Parser* parser, const char* begin, char* name) {
    Kernel* kernel = parser->kernel;
    GROW(kernel->code, kernel->count, parser->code_room);
    Instruction* next = &kernel->code[kernel->count];
    *next = (Instruction){ .guard = -1, .line = parser->line, .text = begin };
    if (*name == '@') {
        char guard[256];
        next->guard_negated = (uint8_t)takes(parser, '!');
        word(parser, guard, sizeof guard);
        next->guard = find_register(parser, guard, 'p')->row;
        word(parser, name, 256);
    }
    /* All threads go the same way, which is a hint. */
    char* uniform = strstr(name, ".uni");
    if (uniform && uniform[4] == 0) *uniform = 0;
    /* A copy's hint of how much is fetched. */
    char* fetched = strstr(name, ".L2::");
    skip(parser);
    if (!fetched && strncmp(parser->at, "::", 2) == 0) fetched = strstr(name, ".L2"), parser->at += 2, parser->at += strcspn(parser->at, " \t\n");
    if (fetched) *fetched = 0;
    skip(parser);
    next->operation = operation_of(parser, name);
    if (next->guard >= 0 && (next->operation->flow == TOGETHER || next->operation->flow == BARRIER)) wrong(parser, "'%s' is for some threads only", name);
    operands(parser, next);
    expect(parser, ';');
    next->length = (int)(parser->at - begin);
    kernel->count++;
}

static void body(Parser* parser) {
    char name[256];
    for (;;) {
        skip(parser);
        const char* begin = parser->at;
        if (takes(parser, '{')) {
            if (parser->scope_count == 32) wrong(parser, "too many braces");
            parser->scopes[parser->scope_count++] = parser->symbol_count;
        } else if (takes(parser, '}')) {
            if (parser->scope_count == 0) return;
            int count = parser->scopes[--parser->scope_count], kept = count;
            /* Labels are seen from everywhere. */
            for (int i = count; i < parser->symbol_count; i++) {
                if (parser->symbols[i].is_label) { Symbol label = parser->symbols[i]; parser->symbols[i] = parser->symbols[kept]; parser->symbols[kept++] = label; }
            }
            forget(parser, kept);
        } else if (takes(parser, '@')) {
            strcpy(name, "@");
            instruction(parser, begin, name);
        } else {
            word(parser, name, sizeof name);
            if (!name[0]) wrong(parser, "'%.20s' is not understood", parser->at);
            if (strcmp(name, ".reg") == 0) registers(parser);
            else if (strcmp(name, ".shared") == 0) shared(parser);
            else if (name[0] == '.') wrong(parser, "'%s' is not known", name);
            else if (skip(parser), parser->at[0] == ':' && parser->at[1] != ':') parser->at++, declare(parser, name, 'l', 0, parser->kernel->count);
            else instruction(parser, begin, name);
        }
    }
}

static Kernel** entry(Parser* parser, Kernel** last) {
    char name[256];
    int align, before = parser->symbol_count;
    word(parser, name, sizeof name);
    Kernel* kernel = parser->kernel = *last = calloc(1, sizeof(Kernel));
    kernel->name = strdup(name);
    parser->code_room = parser->constant_room = 0;
    for (int i = 0; i < SPECIAL_ROWS; i++) declare(parser, special_names[i], 'w', new_row(parser, 'w'), 0);
    expect(parser, '(');
    while (!takes(parser, ')')) {
        word(parser, name, sizeof name);
        if (strcmp(name, ".param") != 0) wrong(parser, "'%s' is no parameter", name);
        int64_t bytes = variable(parser, name, sizeof name, &align);
        kernel->parameter_bytes = (kernel->parameter_bytes + align - 1) / align * align;
        declare(parser, name, 'm', 0, kernel->parameter_bytes);
        kernel->parameter_bytes += (int)bytes;
        takes(parser, ',');
    }
    /* How many threads a group may have at most, and the like. */
    while (!takes(parser, '{')) { word(parser, name, sizeof name); if (name[0] != '.') wrong(parser, "'{' expected before '%.20s'", parser->at); do number(parser); while (takes(parser, ',')); }
    body(parser);
    for (int i = 0; i < parser->jump_count; i++) {
        Symbol* label = find(parser, parser->jumps[i].label);
        parser->line = parser->jumps[i].line;
        if (!label || label->letter != 'l') wrong(parser, "the label '%s' is not there", parser->jumps[i].label);
        kernel->code[parser->jumps[i].instruction].operands[0] = (int32_t)label->value;
        free(parser->jumps[i].label);
    }
    parser->jump_count = 0;
    if (kernel->count == 0 || (kernel->code[kernel->count - 1].operation->flow != EXIT && kernel->code[kernel->count - 1].operation->flow != BRANCH)) wrong(parser, "the end is not the last instruction's");
    ptx_contract(kernel);
    forget(parser, before);
    parser->kernel = 0;
    return &kernel->next;
}

Kernel* ptx_parse(const char* text, char* message, int room) {
    Parser* parser = calloc(1, sizeof(Parser));
    Kernel** volatile last;
    char name[256];
    *parser = (Parser){ .at = text, .line = 1, .message = message, .room = room };
    last = &parser->first;
    if (setjmp(parser->escape)) { ptx_free(parser->first); parser->first = 0; }
    else {
        while (skip(parser), *parser->at) {
            word(parser, name, sizeof name);
            if (strcmp(name, ".version") == 0 || strcmp(name, ".target") == 0 || strcmp(name, ".address_size") == 0) { do word(parser, name, sizeof name); while (takes(parser, ',')); }
            else if (strcmp(name, ".visible") == 0) continue;
            else if (strcmp(name, ".entry") == 0) last = entry(parser, last);
            else if (strcmp(name, ".extern") == 0) dynamic(parser);
            else wrong(parser, "'%.40s' is not known", name[0] ? name : parser->at);
        }
        if (!parser->first) wrong(parser, "there is no kernel");
    }
    forget(parser, 0);
    free(parser->symbols);
    free(parser->jumps);
    Kernel* first = parser->first;
    free(parser);
    return first;
}

void ptx_free(Kernel* kernels) {
    while (kernels) {
        Kernel* next = kernels->next;
        free(kernels->name);
        free(kernels->code);
        free(kernels->constants);
        free(kernels->shared_is_variable);
        free(kernels);
        kernels = next;
    }
}

const Kernel* ptx_find(const Kernel* kernels, const char* name) {
    while (kernels && strcmp(kernels->name, name) != 0) kernels = kernels->next;
    return kernels;
}

int ptx_shared_bytes(const Kernel* kernel) { return kernel->counted_shared; }
