/* A stand-in for the driver library of АТОЛ (libfptr10) that forwards to a simulated register. For tests and training.
 *
 * It has the names and types of the vendor's C functions, so programs that load libfptr10 load this. Tasks in JSON
 * (process_json), the state of the receipt (query_data), cancel_receipt and what belongs to them work; every other
 * function answers error 11, "not supported". Nothing here comes from the vendor, and nothing here prints on paper.
 *
 * The register is reached over TCP at the address of the settings IPAddress and IPPort. The messages are described in
 * posapp/devices/simulator/atol_library.py, which is the same library in Python.
 *
 *     cc -shared -fPIC -o libfptr10.so fptr10.c
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>
#include <wchar.h>

#define API __attribute__((visibility("default")))
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#define TEXT_MAX (8u << 20)
#define FLOOD_LINES 700000

enum { ERROR_NONE = 0, NOT_CONNECTED = 1, NO_CONNECTION = 2, MISSING_PARAM = 8, BAD_SETTINGS = 9, NOT_SUPPORTED = 11 };
enum { PARAM_RECEIPT_TYPE = 65545, PARAM_DATA_TYPE = 65587, PARAM_RECEIPT_SUM = 65600, PARAM_JSON_DATA = 65645 };
enum { DATA_RECEIPT_STATE = 15 };
enum { DONE, REFUSED, CRASH, HANG, GARBAGE, HUGE_TEXT, FLOOD, LIE };

typedef void *libfptr_handle;

struct entry { /* a parameter or a setting */
    int id;
    char *key;
    wchar_t *text;
    double number;
    unsigned char *bytes;
    int size;
    int moment[6];
    struct entry *next;
};

struct driver {
    int line; /* -1: not open */
    int error;
    wchar_t *description;
    int is_huge, is_garbage;
    struct entry *params, *settings;
};

/* ---- texts */

static wchar_t *copy_of(const wchar_t *text)
{
    size_t size = (wcslen(text) + 1) * sizeof(wchar_t);
    wchar_t *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static char *to_utf8(const wchar_t *text)
{
    char *out = malloc(wcslen(text) * 4 + 1), *at = out;
    if (!out)
        return NULL;
    for (; *text; text++) {
        uint32_t c = (uint32_t)*text;
        if (c < 0x80) {
            *at++ = (char)c;
        } else if (c < 0x800) {
            *at++ = (char)(0xC0 | c >> 6);
            *at++ = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        } else {
            *at++ = (char)(0xF0 | (c >> 18 & 0x07));
            *at++ = (char)(0x80 | (c >> 12 & 0x3F));
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
    }
    *at = 0;
    return out;
}

static wchar_t *from_utf8(const unsigned char *text, size_t size)
{
    wchar_t *out = malloc((size + 1) * sizeof(wchar_t)), *at = out;
    const unsigned char *end = text + size;
    if (!out)
        return NULL;
    while (text < end) {
        int more = *text >= 0xF0 ? 3 : *text >= 0xE0 ? 2 : *text >= 0xC0 ? 1 : 0;
        uint32_t c = more == 3 ? *text & 0x07 : more == 2 ? *text & 0x0F : more == 1 ? *text & 0x1F : *text;
        for (text++; more > 0 && text < end; more--)
            c = c << 6 | (*text++ & 0x3F);
        *at++ = (wchar_t)c;
    }
    *at = 0;
    return out;
}

/* Copies what fits, with a NUL; returns the size that the whole needs. */
static int give(const wchar_t *text, wchar_t *value, int size)
{
    size_t needed = wcslen(text ? text : L"") + 1;
    if (value && size > 0) {
        size_t part = needed <= (size_t)size ? needed - 1 : (size_t)size - 1;
        if (part)
            memcpy(value, text, part * sizeof(wchar_t));
        value[part] = 0;
    }
    return (int)needed;
}

/* ---- parameters, settings, errors */

static struct entry *find(struct entry **list, int id, const char *key, int make)
{
    struct entry *each;
    for (each = *list; each; each = each->next)
        if (key ? each->key && !strcmp(each->key, key) : each->id == id)
            return each;
    if (!make || !(each = calloc(1, sizeof *each)))
        return NULL;
    each->id = id;
    each->key = key ? strdup(key) : NULL;
    each->next = *list;
    return *list = each;
}

static void forget(struct entry **list)
{
    while (*list) {
        struct entry *next = (*list)->next;
        free((*list)->key);
        free((*list)->text);
        free((*list)->bytes);
        free(*list);
        *list = next;
    }
}

static void set_text(struct entry *entry, wchar_t *owned)
{
    if (!entry) {
        free(owned);
        return;
    }
    free(entry->text);
    entry->text = owned;
}

static int fail(struct driver *d, int code, wchar_t *owned)
{
    d->error = code;
    free(d->description);
    d->description = owned;
    return -1;
}

static int refuse(struct driver *d, int code, const wchar_t *text)
{
    return fail(d, code, copy_of(text));
}

static int good(struct driver *d)
{
    fail(d, ERROR_NONE, copy_of(L"Ошибок нет"));
    return 0;
}

/* Settings are a flat JSON object; what is not a text or a number in it is left out. */
static int read_settings(struct driver *d, const char *at)
{
    char key[128], value[1024];
    size_t n;
    while (*at && *at != '{')
        at++;
    if (!*at++)
        return 0;
    while (*at && *at != '}') {
        while (*at && *at != '"' && *at != '}')
            at++;
        if (*at != '"')
            break;
        for (at++, n = 0; *at && *at != '"'; at++)
            if (n + 1 < sizeof key)
                key[n++] = *at;
        key[n] = 0;
        while (*at == '"' || *at == ':' || *at == ' ' || *at == '\t' || *at == '\n')
            if (*at++ == ':')
                break;
        while (*at == ' ')
            at++;
        n = 0;
        if (*at == '"') {
            for (at++; *at && *at != '"'; at++) {
                if (*at == '\\' && at[1])
                    at++;
                if (n + 1 < sizeof value)
                    value[n++] = *at;
            }
            if (*at)
                at++;
        } else {
            for (; *at && *at != ',' && *at != '}' && *at != '\n'; at++)
                if (n + 1 < sizeof value)
                    value[n++] = *at;
        }
        value[n] = 0;
        set_text(find(&d->settings, 0, key, 1), from_utf8((unsigned char *)value, n));
    }
    return 1;
}

static char *setting(struct driver *d, const char *key, const char *otherwise)
{
    struct entry *found = find(&d->settings, 0, key, 0);
    return found && found->text ? to_utf8(found->text) : strdup(otherwise);
}

/* ---- the line to the register */

static void hang_up(struct driver *d)
{
    if (d->line >= 0)
        close(d->line);
    d->line = -1;
}

static int lost(struct driver *d)
{
    hang_up(d);
    return refuse(d, NO_CONNECTION, L"Нет связи");
}

static int send_all(int line, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t sent = send(line, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return 0;
        at += sent;
        size -= (size_t)sent;
    }
    return 1;
}

static int take_all(int line, void *data, size_t size)
{
    char *at = data;
    while (size) {
        ssize_t got = recv(line, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        at += got;
        size -= (size_t)got;
    }
    return 1;
}

static void misbehave(int verdict)
{
    int i;
    if (verdict == CRASH)
        abort();
    while (verdict == HANG)
        pause();
    for (i = 0; verdict == FLOOD && i < FLOOD_LINES; i++) {
        puts("flood");
        fputs("flood\n", stderr);
    }
    fflush(stdout);
}

/* Asks the register: a letter and a text. What it answers becomes parameters or the error, or is done to us. */
static int ask(struct driver *d, char letter, const wchar_t *text)
{
    unsigned char head[9];
    uint32_t size;
    int32_t number;
    unsigned char *answer;
    wchar_t *result;
    char *data;
    int ok;

    if (d->line < 0)
        return refuse(d, NOT_CONNECTED, L"Соединение не установлено");
    data = to_utf8(text);
    if (!data)
        return lost(d);
    size = htonl((uint32_t)strlen(data) + 1);
    ok = send_all(d->line, &size, 4) && send_all(d->line, &letter, 1) && send_all(d->line, data, strlen(data));
    free(data);
    if (!ok || !take_all(d->line, head, 9))
        return lost(d);
    memcpy(&size, head, 4);
    memcpy(&number, head + 5, 4);
    size = ntohl(size);
    number = (int32_t)ntohl((uint32_t)number);
    if (size < 5 || size > TEXT_MAX || !(answer = malloc(size)))
        return lost(d);
    if (!take_all(d->line, answer, size - 5)) {
        free(answer);
        return lost(d);
    }
    result = from_utf8(answer, size - 5);
    free(answer);
    if (head[4] == REFUSED)
        return fail(d, number, result);
    if (head[4] == LIE) {
        free(result);
        good(d);
        return -1;
    }
    misbehave(head[4]);
    good(d);
    d->is_huge = head[4] == HUGE_TEXT;
    d->is_garbage = head[4] == GARBAGE;
    if (letter == 'R') {
        struct entry *type = find(&d->params, PARAM_RECEIPT_TYPE, NULL, 1);
        struct entry *sum = find(&d->params, PARAM_RECEIPT_SUM, NULL, 1);
        if (type && sum) {
            type->number = number;
            sum->number = result ? wcstod(result, NULL) : 0;
        }
        free(result);
    } else if (letter == 'J') {
        set_text(find(&d->params, PARAM_JSON_DATA, NULL, 1), result);
    } else {
        free(result);
    }
    return 0;
}

static int task(struct driver *d, char letter)
{
    struct entry *given = find(&d->params, PARAM_JSON_DATA, NULL, 0);
    wchar_t *text = given ? given->text : NULL;
    int answer;
    if (!text)
        return refuse(d, MISSING_PARAM, L"Не найден обязательный параметр");
    given->text = NULL;
    answer = ask(d, letter, text);
    free(text);
    return answer;
}

/* ---- what the wrappers call */

API void libfptr_init_library(void *params) { (void)params; }

API const char *libfptr_get_version_string(void) { return "10.10.8.0"; }

API int libfptr_create(libfptr_handle *handle)
{
    struct driver *d = calloc(1, sizeof *d);
    if (!d)
        return -1;
    d->line = -1;
    good(d);
    *handle = d;
    return 0;
}

API int libfptr_create_with_id(libfptr_handle *handle, const wchar_t *id)
{
    (void)id;
    return libfptr_create(handle);
}

API void libfptr_destroy(libfptr_handle *handle)
{
    struct driver *d = *handle;
    *handle = NULL;
    if (!d)
        return;
    hang_up(d);
    forget(&d->params);
    forget(&d->settings);
    free(d->description);
    free(d);
}

API int libfptr_set_settings(libfptr_handle handle, const wchar_t *settings)
{
    char *text = to_utf8(settings);
    int ok = text && read_settings(handle, text);
    free(text);
    return ok ? good(handle) : refuse(handle, BAD_SETTINGS, L"Некорректные параметры подключения");
}

API int libfptr_get_settings(libfptr_handle handle, wchar_t *value, int size)
{
    struct driver *d = handle;
    struct entry *each;
    wchar_t *all;
    size_t length = 3;
    int needed;
    for (each = d->settings; each; each = each->next)
        length += strlen(each->key) + wcslen(each->text ? each->text : L"") + 8;
    if (!(all = malloc(length * sizeof(wchar_t))))
        return 0;
    wcscpy(all, L"{");
    for (each = d->settings; each; each = each->next) {
        size_t at = wcslen(all);
        swprintf(all + at, length - at, L"%ls\"%s\":\"%ls\"", at > 1 ? L"," : L"", each->key, each->text ? each->text : L"");
    }
    wcscat(all, L"}");
    needed = give(all, value, size);
    free(all);
    return needed;
}

API void libfptr_set_single_setting(libfptr_handle handle, const wchar_t *key, const wchar_t *value)
{
    char *name = to_utf8(key);
    if (name)
        set_text(find(&((struct driver *)handle)->settings, 0, name, 1), copy_of(value));
    free(name);
}

API int libfptr_get_single_setting(libfptr_handle handle, const wchar_t *key, wchar_t *value, int size)
{
    char *name = to_utf8(key);
    struct entry *found = name ? find(&((struct driver *)handle)->settings, 0, name, 0) : NULL;
    free(name);
    return give(found ? found->text : L"", value, size);
}

API int libfptr_apply_single_settings(libfptr_handle handle) { return good(handle); }

API int libfptr_close(libfptr_handle handle)
{
    struct driver *d = handle;
    static const char bye[] = {0, 0, 0, 1, 'X'};
    if (d->line >= 0)
        send_all(d->line, bye, sizeof bye);
    hang_up(d);
    return good(d);
}

API int libfptr_open(libfptr_handle handle)
{
    struct driver *d = handle;
    struct addrinfo wanted, *found = NULL;
    char *host, *port;
    wchar_t settings[4096];
    int line = -1;

    libfptr_close(handle);
    memset(&wanted, 0, sizeof wanted);
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    host = setting(d, "IPAddress", "127.0.0.1");
    port = setting(d, "IPPort", "5555");
    if (host && port && getaddrinfo(host, port, &wanted, &found) == 0 && found) {
        line = socket(found->ai_family, found->ai_socktype, 0);
        if (line >= 0 && connect(line, found->ai_addr, found->ai_addrlen) != 0) {
            close(line);
            line = -1;
        }
        freeaddrinfo(found);
    }
    free(host);
    free(port);
    if (line < 0)
        return refuse(d, NO_CONNECTION, L"Нет связи");
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    d->line = line;
    libfptr_get_settings(handle, settings, sizeof settings / sizeof *settings);
    if (ask(d, 'O', settings) != 0) {
        hang_up(d);
        return -1;
    }
    return 0;
}

API int libfptr_is_opened(libfptr_handle handle) { return ((struct driver *)handle)->line >= 0; }

API int libfptr_error_code(libfptr_handle handle) { return ((struct driver *)handle)->error; }

API int libfptr_error_description(libfptr_handle handle, wchar_t *value, int size)
{
    return give(((struct driver *)handle)->description, value, size);
}

API int libfptr_error_recommendation(libfptr_handle handle, wchar_t *value, int size)
{
    (void)handle;
    return give(L"", value, size);
}

API void libfptr_reset_error(libfptr_handle handle) { good(handle); }

API int libfptr_process_json(libfptr_handle handle) { return task(handle, 'J'); }

API int libfptr_validate_json(libfptr_handle handle) { return task(handle, 'V'); }

API int libfptr_cancel_receipt(libfptr_handle handle) { return ask(handle, 'C', L""); }

API int libfptr_query_data(libfptr_handle handle)
{
    struct driver *d = handle;
    struct entry *what = find(&d->params, PARAM_DATA_TYPE, NULL, 0);
    if (!what || (int)what->number != DATA_RECEIPT_STATE)
        return refuse(d, NOT_SUPPORTED, L"Не поддерживается в данной версии");
    return ask(d, 'R', L"");
}

API int libfptr_reset_params(libfptr_handle handle)
{
    forget(&((struct driver *)handle)->params);
    return good(handle);
}

/* Parameters: of the next call, of all calls (user), and of the next call without a place on paper. */

static struct entry *param(libfptr_handle handle, int id)
{
    return find(&((struct driver *)handle)->params, id, NULL, 1);
}

#define SETTERS(prefix)                                                                                                \
    API void libfptr_set_##prefix##param_bool(libfptr_handle handle, int id, int value)                                \
    {                                                                                                                  \
        struct entry *entry = param(handle, id);                                                                       \
        if (entry)                                                                                                     \
            entry->number = value != 0;                                                                                \
    }                                                                                                                  \
    API void libfptr_set_##prefix##param_int(libfptr_handle handle, int id, unsigned int value)                        \
    {                                                                                                                  \
        struct entry *entry = param(handle, id);                                                                       \
        if (entry)                                                                                                     \
            entry->number = value;                                                                                     \
    }                                                                                                                  \
    API void libfptr_set_##prefix##param_double(libfptr_handle handle, int id, double value)                           \
    {                                                                                                                  \
        struct entry *entry = param(handle, id);                                                                       \
        if (entry)                                                                                                     \
            entry->number = value;                                                                                     \
    }                                                                                                                  \
    API void libfptr_set_##prefix##param_str(libfptr_handle handle, int id, const wchar_t *value)                      \
    {                                                                                                                  \
        set_text(param(handle, id), copy_of(value));                                                                   \
    }                                                                                                                  \
    API void libfptr_set_##prefix##param_datetime(libfptr_handle handle, int id, int year, int month, int day,         \
                                                  int hour, int minute, int second)                                    \
    {                                                                                                                  \
        int given[6] = {year, month, day, hour, minute, second};                                                       \
        struct entry *entry = param(handle, id);                                                                       \
        if (entry)                                                                                                     \
            memcpy(entry->moment, given, sizeof given);                                                                \
    }                                                                                                                  \
    API void libfptr_set_##prefix##param_bytearray(libfptr_handle handle, int id, const unsigned char *value,          \
                                                   int size)                                                           \
    {                                                                                                                  \
        struct entry *entry = param(handle, id);                                                                       \
        unsigned char *copy = size > 0 ? malloc((size_t)size) : NULL;                                                  \
        if (!entry || (size > 0 && !copy)) {                                                                           \
            free(copy);                                                                                                \
            return;                                                                                                    \
        }                                                                                                              \
        if (copy)                                                                                                      \
            memcpy(copy, value, (size_t)size);                                                                         \
        free(entry->bytes);                                                                                            \
        entry->bytes = copy;                                                                                           \
        entry->size = size;                                                                                            \
    }

SETTERS()
SETTERS(user_)
SETTERS(non_printable_)

static const struct entry nothing;

static const struct entry *known(libfptr_handle handle, int id)
{
    const struct entry *found = find(&((struct driver *)handle)->params, id, NULL, 0);
    return found ? found : &nothing;
}

API int libfptr_get_param_bool(libfptr_handle handle, int id) { return known(handle, id)->number != 0; }

API unsigned int libfptr_get_param_int(libfptr_handle handle, int id)
{
    return (unsigned int)known(handle, id)->number;
}

API double libfptr_get_param_double(libfptr_handle handle, int id) { return known(handle, id)->number; }

API int libfptr_get_param_str(libfptr_handle handle, int id, wchar_t *value, int size)
{
    struct driver *d = handle;
    if (id == PARAM_JSON_DATA && d->is_huge)
        return INT32_MAX;
    if (id == PARAM_JSON_DATA && d->is_garbage) {
        memset(value, 0xEE, (size_t)(size > 0 ? size - 1 : 0) * sizeof(wchar_t));
        if (size > 0)
            value[size - 1] = 0;
        return size;
    }
    return give(known(handle, id)->text, value, size);
}

API void libfptr_get_param_datetime(libfptr_handle handle, int id, int *year, int *month, int *day, int *hour,
                                    int *minute, int *second)
{
    const int *moment = known(handle, id)->moment;
    *year = moment[0];
    *month = moment[1];
    *day = moment[2];
    *hour = moment[3];
    *minute = moment[4];
    *second = moment[5];
}

API int libfptr_get_param_bytearray(libfptr_handle handle, int id, unsigned char *value, int size)
{
    const struct entry *found = known(handle, id);
    if (found->bytes && value && size > 0)
        memcpy(value, found->bytes, (size_t)(size < found->size ? size : found->size));
    return found->size;
}

API int libfptr_log_write(const wchar_t *tag, int level, const wchar_t *message)
{
    (void)tag, (void)level, (void)message;
    return 0;
}

API int libfptr_log_write_ex(libfptr_handle handle, const wchar_t *tag, int level, const wchar_t *message)
{
    (void)handle;
    return libfptr_log_write(tag, level, message);
}

API int libfptr_change_label(libfptr_handle handle, const wchar_t *label)
{
    (void)label;
    return good(handle);
}

API int libfptr_show_properties(libfptr_handle handle, int parent_type, void *parent)
{
    (void)parent_type, (void)parent;
    return refuse(handle, NOT_SUPPORTED, L"Не поддерживается в данной версии");
}

/* ---- what this library does not do */

#define ABSENT(name)                                                                                                   \
    API int libfptr_##name(libfptr_handle handle)                                                                      \
    {                                                                                                                  \
        return refuse(handle, NOT_SUPPORTED, L"Не поддерживается в данной версии");                                    \
    }

ABSENT(accept_marking_code) ABSENT(activate_licenses) ABSENT(beep) ABSENT(begin_marking_code_validation)
ABSENT(begin_nonfiscal_document) ABSENT(begin_read_records) ABSENT(bluetooth_remove_paired_devices)
ABSENT(cache_universal_counters) ABSENT(call_script) ABSENT(cancel_marking_code_validation) ABSENT(cash_income)
ABSENT(cash_outcome) ABSENT(check_document_closed) ABSENT(check_marking_code_validations_ready)
ABSENT(clear_marking_code_validation_result) ABSENT(clear_pictures) ABSENT(clear_universal_counters_cache)
ABSENT(close_receipt) ABSENT(commit_settings) ABSENT(continue_print) ABSENT(cut) ABSENT(decline_marking_code)
ABSENT(device_poweroff) ABSENT(device_reboot) ABSENT(disable_ofd_channel) ABSENT(download_picture)
ABSENT(download_pixel_buffer) ABSENT(enable_ofd_channel) ABSENT(end_nonfiscal_document) ABSENT(end_read_records)
ABSENT(enter_keys) ABSENT(enter_serial_number) ABSENT(exec_driver_script) ABSENT(exec_driver_script_by_id)
ABSENT(external_device_power_off) ABSENT(external_device_power_on) ABSENT(external_device_read_data)
ABSENT(external_device_write_data) ABSENT(flash_firmware) ABSENT(fn_operation) ABSENT(fn_query_data)
ABSENT(fn_write_attributes) ABSENT(get_last_document_journal) ABSENT(get_marking_code_validation_status)
ABSENT(get_marking_server_status) ABSENT(get_remote_server_info) ABSENT(get_serial_number_request)
ABSENT(init_device) ABSENT(init_mgm) ABSENT(init_settings) ABSENT(is_driver_locked) ABSENT(line_feed)
ABSENT(open_drawer) ABSENT(open_receipt) ABSENT(open_shift) ABSENT(operator_login) ABSENT(parse_marking_code)
ABSENT(payment) ABSENT(ping_marking_server) ABSENT(print_barcode) ABSENT(print_cliche) ABSENT(print_picture)
ABSENT(print_picture_by_number) ABSENT(print_pixel_buffer) ABSENT(print_text) ABSENT(query_universal_counters_state)
ABSENT(read_device_setting) ABSENT(read_device_setting_raw) ABSENT(read_model_flags) ABSENT(read_next_record)
ABSENT(read_universal_counter_quantity) ABSENT(read_universal_counter_sum) ABSENT(read_universal_counters_settings)
ABSENT(receipt_tax) ABSENT(receipt_total) ABSENT(reflection_call) ABSENT(registration) ABSENT(remove_licenses)
ABSENT(report) ABSENT(reset_settings) ABSENT(reset_summary) ABSENT(reset_universal_counters) ABSENT(run_command)
ABSENT(set_footer_lines) ABSENT(set_header_lines) ABSENT(soft_lock_init) ABSENT(soft_lock_query_session_code)
ABSENT(soft_lock_validate) ABSENT(update_fnm_keys) ABSENT(upload_driver_script) ABSENT(upload_picture_cliche)
ABSENT(upload_picture_from_file) ABSENT(upload_picture_memory) ABSENT(upload_pixel_buffer)
ABSENT(upload_pixel_buffer_cliche) ABSENT(upload_pixel_buffer_memory) ABSENT(user_memory_operation)
ABSENT(util_calc_tax) ABSENT(util_container_versions) ABSENT(util_convert_tag_value) ABSENT(util_form_nomenclature)
ABSENT(util_form_tlv) ABSENT(util_mapping) ABSENT(util_tag_info) ABSENT(validate_keys) ABSENT(write_date_time)
ABSENT(write_device_setting) ABSENT(write_device_setting_raw) ABSENT(write_license) ABSENT(write_sales_notice)
ABSENT(write_universal_counters_settings)
