/* A stub of NVIDIA's driver: what ILGPU and the runtime call of it, on a machine that has none. All is done in the order that streams and events allow, and as late as they allow: a copy
   that nobody has waited for has not been made. Kernels do nothing, unless the emulator of PTX (ptx.h) is linked with it. Every call can be written down, and each can be told to fail. */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ptx.h"

#pragma weak ptx_parse
#pragma weak ptx_free
#pragma weak ptx_find
#pragma weak ptx_shared_bytes
#pragma weak ptx_run
#pragma weak ptx_set_memory
#pragma weak ptx_note_memory

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
       CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901, CAPTURE_UNMATCHED = 903, CAPTURE_ISOLATION = 905, UPDATE_FAILURE = 910 };

#define DEVICE_BYTES (1l << 31)
#define HOST_BYTES (1l << 28)
#define GROUP_BYTES 49152   /* of shared memory, of which a kernel may have more only where it was asked for */

typedef enum { LAUNCH, COPY, SET, RECORD, WAIT, GEMM } Kind;
typedef struct Stream Stream;
typedef struct { char* name; long argument_bytes; int shared_limit; const Kernel* kernel; } Function;
typedef struct { char* text; Kernel* kernels; } Module;
typedef struct { int id; Stream* stream; long position; } Event;

typedef struct {
    Kind kind;
    Function* function;
    int grid[3], block[3], shared;
    uint8_t *target, *source;    /* of a copy; a launch's arguments are its source */
    long bytes;
    char* text;                  /* of a product of cublas.c; its arguments are the source */
    void (*run)(const void*);
    int value, owns_source;
    Event* event;
    Stream* other;               /* of a wait: until that stream has done so much */
    long position;
} Operation;

typedef struct { Operation* items; long count, room; } List;
typedef struct { int id; List list; } Graph;
struct Stream { int id; List queue; long done; Graph* capture; int is_invalidated; };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *device, *host;
static long device_end, device_live, device_used, host_end, host_live, device_limit = DEVICE_BYTES;
static int version = 12080, streams_made, events_made, graphs_made;
static Stream null_stream, *streams[64];
static char* log_text;
static long log_length, log_room;
static int is_logging, broken;  /* after a kernel has failed, all fails */
static char why[2048];
static struct { char name[64]; int error; long skip, times; } failing;

/* ---- What tests ask for --------------------------------------------------------------------------------------------- */

static void write_down(const char* format, ...) {
    va_list arguments;
    if (!is_logging) return;
    if (log_room - log_length < 16384) log_text = realloc(log_text, log_room = 2 * log_room + 65536);
    va_start(arguments, format);
    log_length += vsnprintf(log_text + log_length, log_room - log_length, format, arguments);
    va_end(arguments);
}

const char* stub_log(void) { return log_text ? log_text : ""; }

/* And begins to write. */
void stub_clear_log(void) { is_logging = 1; log_length = 0; if (log_text) *log_text = 0; }

void stub_set_version(int value) { version = value; }

void stub_set_memory(long bytes) { device_limit = bytes; }

/* As if all of it had been freed. */
void stub_forget_memory(void) { device_end = device_live = device_used = host_end = host_live = 0; }

long stub_live_memory(void) { return device_used; }

/* After `skip` calls of `name` the next `times` give `error`. */
void stub_fail(const char* name, int error, long skip, long times) {
    snprintf(failing.name, sizeof failing.name, "%s", name);
    failing.error = error, failing.skip = skip, failing.times = times;
}

static int fails(const char* name) {
    if (failing.times == 0 || strcmp(failing.name, name) != 0 || failing.skip-- > 0) return broken;
    failing.times--;
    write_down("failed %s error=%d\n", name, failing.error);
    return failing.error;
}

#define ENTER(name) int error = (pthread_mutex_lock(&gate), fails(name)); if (error != SUCCESS) return leave(error)
static int leave(int error) { pthread_mutex_unlock(&gate); return error; }

/* ---- What streams do ------------------------------------------------------------------------------------------------ */

static Stream* stream_of(void* handle) { return handle ? handle : &null_stream; }
static int is_device(const void* pointer) { return device && (uint8_t*)pointer >= device && (uint8_t*)pointer < device + DEVICE_BYTES; }
static int is_locked(const void* pointer) { return host && (uint8_t*)pointer >= host && (uint8_t*)pointer < host + HOST_BYTES; }

static uint32_t hash_of(const uint8_t* bytes, long count) {
    uint32_t hash = 2166136261u;
    for (long i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static const char* direction(const Operation* copy) {
    return is_device(copy->target) ? is_device(copy->source) ? "DtoD" : "HtoD" : is_device(copy->source) ? "DtoH" : "HtoH";
}

static void describe(const char* verb, const Operation* operation, int stream) {
    if (!is_logging) return;
    switch (operation->kind) {
    case LAUNCH:
        write_down("%s launch kernel=%s grid=%d,%d,%d block=%d,%d,%d stream=%d arguments=", verb, operation->function->name, operation->grid[0], operation->grid[1],
            operation->grid[2], operation->block[0], operation->block[1], operation->block[2], stream);
        for (long i = 0; i < operation->bytes; i++) write_down("%02x", operation->source[i]);
        write_down("\n");
        break;
    case COPY:
        write_down("%s copy kind=%s bytes=%ld stream=%d locked=%d target=%ld hash=%08x\n", verb, direction(operation), operation->bytes, stream,
            is_locked(is_device(operation->source) ? operation->target : operation->source), is_device(operation->target) ? (long)(operation->target - device) : -1,
            hash_of(operation->source, operation->bytes));
        break;
    case SET: write_down("%s set bytes=%ld stream=%d\n", verb, operation->bytes, stream); break;
    case GEMM: write_down("%s %s stream=%d\n", verb, operation->text, stream); break;
    case RECORD: write_down("%s record event=%d stream=%d\n", verb, operation->event->id, stream); break;
    case WAIT: write_down("%s wait event=%d stream=%d\n", verb, operation->event->id, stream); break;
    }
}

static void add(List* list, const Operation* operation) {
    if (list->count == list->room) list->items = realloc(list->items, (list->room = 2 * list->room + 64) * sizeof(Operation));
    list->items[list->count++] = *operation;
}

static void run_until(Stream* stream, long position) {
    while (stream->done < position) {
        Operation operation = stream->queue.items[stream->done++];
        if (operation.kind == WAIT) run_until(operation.other, operation.position);
        if (broken) continue;
        describe("ran", &operation, stream->id);
        if (operation.kind == LAUNCH && ptx_run) broken = ptx_run(operation.function->kernel, operation.grid, operation.block, operation.shared, operation.source, why, sizeof why);
        if (operation.kind == COPY) memmove(operation.target, operation.source, operation.bytes);
        if (operation.kind == SET) memset(operation.target, operation.value, operation.bytes);
        if (operation.kind == GEMM) operation.run(operation.source);
        if (operation.owns_source) free(operation.source);
    }
}

static int run_all(void) {
    run_until(&null_stream, null_stream.queue.count);
    for (int i = 0; i < 64; i++) if (streams[i]) run_until(streams[i], streams[i]->queue.count);
    return broken;
}

static uint8_t* duplicate(const void* bytes, long count) { return memcpy(malloc(count + 1), bytes, count); }

/* Puts something into a stream's queue, or into the graph that it captures. */
static int put(void* handle, Operation* operation) {
    Stream* stream = stream_of(handle);
    describe(stream->capture ? "captured" : "called", operation, stream->id);
    if ((operation->kind == LAUNCH || operation->kind == GEMM) && !stream->capture) operation->owns_source = 1;
    if (stream->capture && stream->is_invalidated) return CAPTURE_INVALIDATED;
    add(stream->capture ? &stream->capture->list : &stream->queue, operation);
    return SUCCESS;
}

/* ---- What the stub of cuBLAS asks for --------------------------------------------------------------------------------- */

int stub_fails(const char* name) { pthread_mutex_lock(&gate); return leave(fails(name)); }

void stub_write_down(const char* line) { pthread_mutex_lock(&gate); write_down("%s\n", line); leave(SUCCESS); }

int stub_is_capturing(void* stream) { return stream_of(stream)->capture != 0; }

/* From the beginning of the device's memory; below 0 elsewhere. */
long stub_place(const void* pointer) { return is_device(pointer) ? (long)((uint8_t*)pointer - device) : -1; }

int stub_put_gemm(void* stream, const char* text, void (*run)(const void*), const void* arguments, long bytes) {
    Operation gemm = { .kind = GEMM, .text = (char*)duplicate(text, (long)strlen(text) + 1), .run = run, .source = duplicate(arguments, bytes), .bytes = bytes };
    pthread_mutex_lock(&gate);
    return leave(put(stream, &gemm));
}

/* ---- The driver, its devices and contexts --------------------------------------------------------------------------- */

int cuInit(int flags) {
    (void)flags;
    if (!device) device = mmap(0, DEVICE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!host) host = mmap(0, HOST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ptx_set_memory) ptx_set_memory(device, DEVICE_BYTES);
    return SUCCESS;
}

int cuDriverGetVersion(int* value) { *value = version; return SUCCESS; }

int cuDeviceGetCount(int* count) { *count = 1; return SUCCESS; }

int cuDeviceGet(int* result, int ordinal) { *result = ordinal; return SUCCESS; }

int cuDeviceGetName(char* name, int length, int ordinal) { (void)ordinal; snprintf(name, length, ptx_run ? "Emulated GPU" : "Stub GPU"); return SUCCESS; }

int cuDeviceTotalMem_v2(long* bytes, int ordinal) { (void)ordinal; *bytes = DEVICE_BYTES; return SUCCESS; }

int cuDeviceGetAttribute(int* value, int attribute, int ordinal) {
    (void)ordinal;
    switch (attribute) {
    case 1: case 2: case 3: *value = 1024; break;               /* threads of a group, along x, along y */
    case 4: *value = 64; break;                                 /* along z */
    case 5: *value = 2147483647; break;                         /* groups along x */
    case 6: case 7: *value = 65535; break;
    case 8: *value = GROUP_BYTES; break;                              /* shared memory of a group */
    case 9: *value = 65536; break;
    case 10: *value = 32; break;                                /* a warp */
    case 12: case 82: *value = 65536; break;                    /* registers */
    case 16: *value = 132; break;                               /* multiprocessors */
    case 19: case 41: case 91: *value = 1; break;               /* host memory can be mapped, under the same address */
    case 39: *value = 2048; break;
    case 40: *value = 2; break;                                 /* copy engines */
    case 75: *value = 9; break;                                 /* sm_90 */
    case 76: *value = 0; break;
    case 81: *value = 233472; break;
    case 97: *value = 232448; break;                            /* shared memory of a group that asks for it */
    default: *value = 0; break;
    }
    return SUCCESS;
}

int cuCtxCreate_v2(void** context, int flags, int ordinal) {
    (void)flags, (void)ordinal;
    ENTER("cuCtxCreate");
    *context = malloc(1);
    write_down("called create context\n");
    return leave(SUCCESS);
}

int cuCtxDestroy_v2(void* context) {
    pthread_mutex_lock(&gate);
    run_all();
    write_down("called destroy context memory=%ld locked=%ld\n", device_live, host_live);
    free(context);
    /* With a context that has failed goes all that it had. */
    if (broken) stub_forget_memory();
    broken = SUCCESS;
    return leave(SUCCESS);
}

int cuCtxSetCurrent(void* context) { (void)context; return SUCCESS; }

int cuCtxSynchronize(void) { ENTER("cuCtxSynchronize"); return leave(run_all()); }

int cuCtxGetCacheConfig(int* value) { *value = 0; return SUCCESS; }

int cuCtxSetCacheConfig(int value) { (void)value; return SUCCESS; }

int cuCtxGetSharedMemConfig(int* value) { *value = 0; return SUCCESS; }

int cuCtxSetSharedMemConfig(int value) { (void)value; return SUCCESS; }

int cuGetErrorString(int error, const char** text) {
    if ((error == broken && broken) || error == INVALID_PTX) { *text = why; return SUCCESS; }
    *text = error == OUT_OF_MEMORY ? "out of memory" : error == 700 ? "an illegal memory access was encountered" : error == 719 ? "unspecified launch failure" : "an error";
    return SUCCESS;
}

/* ---- Memory --------------------------------------------------------------------------------------------------------- */

int cuMemGetInfo_v2(long* free_bytes, long* total) { *free_bytes = device_limit - device_used; *total = DEVICE_BYTES; return SUCCESS; }

/* Before each allocation stands how long it is, how much it takes, and whether it is in use. */
typedef struct { long bytes, length, is_used; } Header;

/* Where there is first room for it: the same allocations have the same addresses. */
static int allocate(uint8_t* memory, long* end, long* live, long most, void** result, long bytes) {
    long length = (bytes + 511) / 256 * 256, at = 0;
    if (bytes <= 0) return INVALID_VALUE;
    for (; at < *end; at += ((Header*)(memory + at))->length) {
        Header* header = (Header*)(memory + at);
        if (header->is_used) continue;
        while (at + header->length < *end && !((Header*)(memory + at + header->length))->is_used) header->length += ((Header*)(memory + at + header->length))->length;
        if (at + header->length == *end) { *end = at; break; }
        if (header->length < length) continue;
        if (header->length > length) *(Header*)(memory + at + length) = (Header){ 0, header->length - length, 0 };
        header->length = length;
        break;
    }
    if (at + length > most) return OUT_OF_MEMORY;
    *(Header*)(memory + at) = (Header){ bytes, length, 1 };
    *result = memory + at + 256;
    if (at == *end) *end += length;
    ++*live;
    return SUCCESS;
}

static Header* header_of(void* pointer) { return (Header*)((uint8_t*)pointer - 256); }

int cuMemAlloc_v2(void** result, long bytes) {
    ENTER("cuMemAlloc");
    error = device_used + bytes > device_limit ? OUT_OF_MEMORY : allocate(device, &device_end, &device_live, DEVICE_BYTES, result, bytes);
    if (error == SUCCESS) device_used += bytes;
    if (error == SUCCESS && ptx_note_memory) ptx_note_memory(*result, bytes, 1);
    write_down("called allocate bytes=%ld error=%d\n", bytes, error);
    return leave(error);
}

int cuMemFree_v2(void* pointer) {
    ENTER("cuMemFree");
    if (!pointer) return leave(SUCCESS);
    if (run_all() != SUCCESS) return leave(broken);
    Header* header = header_of(pointer);
    device_used -= header->bytes;
    write_down("called free bytes=%ld\n", header->bytes);
    if (ptx_note_memory) ptx_note_memory(pointer, header->bytes, 0);
    header->is_used = 0;
    if (--device_live == 0) device_end = 0;
    return leave(SUCCESS);
}

int cuMemAllocHost_v2(void** result, long bytes) {
    ENTER("cuMemAllocHost");
    error = allocate(host, &host_end, &host_live, HOST_BYTES, result, bytes);
    write_down("called allocate_host bytes=%ld error=%d\n", bytes, error);
    return leave(error);
}

int cuMemFreeHost(void* pointer) {
    pthread_mutex_lock(&gate);
    run_all();
    write_down("called free_host bytes=%ld\n", header_of(pointer)->bytes);
    header_of(pointer)->is_used = 0;
    if (--host_live == 0) host_end = 0;
    return leave(SUCCESS);
}

int cuPointerGetAttribute(void* value, int attribute, void* pointer) {
    if (attribute != 2) return INVALID_VALUE;
    *(int*)value = is_device(pointer) ? 2 : 1;
    return SUCCESS;
}

int cuMemcpyAsync(void* target, void* source, long bytes, void* stream) {
    Operation copy = { .kind = COPY, .target = target, .source = source, .bytes = bytes };
    ENTER("cuMemcpyAsync");
    if (!is_device(source) && !is_locked(source)) {
        /* The host's memory has been read when the call returns, unless it is page-locked. */
        if (stream_of(stream)->capture) return leave(CAPTURE_UNSUPPORTED);
        copy.source = duplicate(source, bytes);
        copy.owns_source = 1;
    }
    error = put(stream, &copy);
    /* And it has been written. */
    if (error == SUCCESS && !is_device(target) && !is_locked(target)) run_until(stream_of(stream), stream_of(stream)->queue.count);
    return leave(error == SUCCESS ? broken : error);
}

int cuMemsetD8Async(void* target, uint8_t value, long bytes, void* stream) {
    Operation set = { .kind = SET, .target = target, .value = value, .bytes = bytes };
    ENTER("cuMemsetD8Async");
    return leave(put(stream, &set));
}

/* ---- Streams and events --------------------------------------------------------------------------------------------- */

int cuStreamCreate(void** result, int flags) {
    Stream* stream = calloc(1, sizeof(Stream));
    (void)flags;
    ENTER("cuStreamCreate");
    stream->id = ++streams_made;
    for (int i = 0; i < 64; i++) if (!streams[i]) { streams[i] = stream; break; }
    write_down("called create stream=%d\n", stream->id);
    *result = stream;
    return leave(SUCCESS);
}

int cuStreamDestroy_v2(void* handle) {
    Stream* stream = handle;
    pthread_mutex_lock(&gate);
    run_all();
    write_down("called destroy stream=%d\n", stream->id);
    for (int i = 0; i < 64; i++) if (streams[i] == stream) streams[i] = 0;
    return leave(SUCCESS);
}

int cuStreamSynchronize(void* handle) {
    Stream* stream = stream_of(handle);
    ENTER("cuStreamSynchronize");
    write_down("called synchronize stream=%d\n", stream->id);
    if (stream->capture) { stream->is_invalidated = 1; return leave(CAPTURE_UNSUPPORTED); }
    run_until(stream, stream->queue.count);
    return leave(broken);
}

int cuStreamWaitEvent(void* handle, Event* event, int flags) {
    Stream* stream = stream_of(handle);
    Operation wait = { .kind = WAIT, .event = event, .other = event->stream, .position = event->position };
    (void)flags;
    ENTER("cuStreamWaitEvent");
    if (stream->capture) { stream->is_invalidated = 1; return leave(CAPTURE_ISOLATION); }
    return leave(event->stream ? put(handle, &wait) : SUCCESS);
}

int cuEventCreate(Event** result, int flags) {
    Event* event = calloc(1, sizeof(Event));
    (void)flags;
    ENTER("cuEventCreate");
    event->id = ++events_made;
    write_down("called create event=%d\n", event->id);
    *result = event;
    return leave(SUCCESS);
}

int cuEventDestroy_v2(Event* event) { pthread_mutex_lock(&gate); write_down("called destroy event=%d\n", event->id); return leave(SUCCESS); }

int cuEventRecord(Event* event, void* handle) {
    Operation record = { .kind = RECORD, .event = event };
    ENTER("cuEventRecord");
    error = put(handle, &record);
    event->stream = stream_of(handle);
    event->position = event->stream->queue.count;
    return leave(error);
}

int cuEventQuery(Event* event) {
    ENTER("cuEventQuery");
    return leave(event->stream && event->stream->done < event->position ? NOT_READY : SUCCESS);
}

int cuEventSynchronize(Event* event) {
    ENTER("cuEventSynchronize");
    write_down("called synchronize event=%d\n", event->id);
    if (event->stream) run_until(event->stream, event->position);
    return leave(broken);
}

int cuEventElapsedTime(float* milliseconds, Event* start, Event* end) { (void)start, (void)end; *milliseconds = 0; return SUCCESS; }

/* ---- Kernels -------------------------------------------------------------------------------------------------------- */

int cuModuleLoadDataEx(Module** result, const char* text, int count, void* options, void* values) {
    (void)count, (void)options, (void)values;
    ENTER("cuModuleLoadDataEx");
    if (!strstr(text, ".version") || !strstr(text, ".target")) return leave(INVALID_IMAGE);
    text = (char*)duplicate(text, (long)strlen(text) + 1);
    Kernel* kernels = ptx_parse ? ptx_parse(text, why, sizeof why) : 0;
    if (ptx_parse && !kernels) return leave(INVALID_PTX);
    *result = malloc(sizeof(Module));
    (*result)->kernels = kernels;
    (*result)->text = (char*)text;
    write_down("called load module=%08x\n", hash_of((const uint8_t*)text, (long)strlen(text)));
    return leave(SUCCESS);
}

int cuModuleUnload(Module* module) {
    if (!module) return INVALID_HANDLE;
    pthread_mutex_lock(&gate);
    run_all();
    if (ptx_free) ptx_free(module->kernels);
    free(module->text);
    free(module);
    pthread_mutex_unlock(&gate);
    return SUCCESS;
}

/* The length of a kernel's parameters, from its head: .param .b32 name, or .param .align 8 .b8 name[24]. */
static long argument_bytes(const char* head) {
    const char *end = strchr(head, ')'), *next = head;
    long bytes = 0;
    while ((next = strstr(next, ".param")) && next < end) {
        const char *stop = next + strcspn(next, ",)"), *array = strchr(next, '['), *align = strstr(next, ".align"), *type = next;
        long length = 0, alignment;
        while ((type = strchr(type + 1, '.')) && type < stop) if (strchr("bfsu", type[1]) && type[2] >= '0' && type[2] <= '9') length = atol(type + 2) / 8;
        alignment = align && align < stop ? atol(align + 6) : length;
        if (array && array < stop) length *= atol(array + 1);
        bytes = (bytes + alignment - 1) / alignment * alignment + length;
        next = stop;
    }
    return bytes;
}

int cuModuleGetFunction(Function** result, Module* module, const char* name) {
    char entry[512];
    const char* found;
    ENTER("cuModuleGetFunction");
    snprintf(entry, sizeof entry, ".entry %s(", name);
    if (!(found = strstr(module->text, entry))) return leave(NOT_FOUND);
    *result = malloc(sizeof(Function));
    (*result)->shared_limit = GROUP_BYTES;
    (*result)->kernel = ptx_find ? ptx_find(module->kernels, name) : 0;
    (*result)->name = (char*)duplicate(name, (long)strlen(name) + 1);
    (*result)->argument_bytes = argument_bytes(found + strlen(entry));
    return leave(SUCCESS);
}

int cuFuncSetAttribute(Function* function, int attribute, int value) {
    ENTER("cuFuncSetAttribute");
    /* How much shared memory a launch may add. */
    if (attribute != 8 || value > 232448) return leave(INVALID_VALUE);
    function->shared_limit = value;
    return leave(SUCCESS);
}

int cuLaunchKernel(Function* function, int gx, int gy, int gz, int bx, int by, int bz, int shared, void* stream, void** arguments, void** extra) {
    Operation launch = { .kind = LAUNCH, .function = function, .grid = { gx, gy, gz }, .block = { bx, by, bz }, .shared = shared };
    ENTER("cuLaunchKernel");
    if (arguments || !extra || extra[0] != (void*)1 || extra[2] != (void*)2) return leave(INVALID_VALUE);
    launch.bytes = *(long*)extra[3];
    if (launch.bytes != function->argument_bytes) {
        write_down("failed launch kernel=%s given=%ld taken=%ld\n", function->name, launch.bytes, function->argument_bytes);
        return leave(INVALID_VALUE);
    }
    if (gx < 1 || gy < 1 || gz < 1 || gy > 65535 || gz > 65535 || bx < 1 || by < 1 || bz < 1 || (long)bx * by * bz > 1024) return leave(INVALID_VALUE);
    if (shared < 0 || shared + (function->kernel ? ptx_shared_bytes(function->kernel) : 0) > function->shared_limit) return leave(INVALID_VALUE);
    launch.source = duplicate(extra[1], launch.bytes);
    return leave(put(stream, &launch));
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* result, void* function, int threads, long shared) { (void)function, (void)threads, (void)shared; *result = 1; return SUCCESS; }

int cuOccupancyMaxPotentialBlockSize(int* grid, int* block, void* function, void* size, long shared, int most) {
    (void)function, (void)size, (void)shared, (void)most;
    *grid = 132;
    *block = 256;
    return SUCCESS;
}

/* ---- Graphs --------------------------------------------------------------------------------------------------------- */

int cuStreamBeginCapture_v2(void* handle, int mode) {
    Stream* stream = stream_of(handle);
    (void)mode;
    ENTER("cuStreamBeginCapture");
    if (!handle || stream->capture) return leave(CAPTURE_UNSUPPORTED);
    stream->capture = calloc(1, sizeof(Graph));
    stream->capture->id = ++graphs_made;
    stream->is_invalidated = 0;
    write_down("called begin_capture stream=%d\n", stream->id);
    return leave(SUCCESS);
}

int cuStreamEndCapture(void* handle, Graph** result) {
    Stream* stream = stream_of(handle);
    Graph* graph = stream->capture;
    pthread_mutex_lock(&gate);
    *result = 0;
    stream->capture = 0;
    int error = fails("cuStreamEndCapture");
    if (error != SUCCESS) return leave(error);
    if (!graph) return leave(CAPTURE_UNMATCHED);
    write_down("called end_capture stream=%d operations=%ld\n", stream->id, graph->list.count);
    if (stream->is_invalidated) return leave(CAPTURE_INVALIDATED);
    *result = graph;
    return leave(SUCCESS);
}

static Graph* copy_of(const Graph* graph) {
    Graph* copy = calloc(1, sizeof(Graph));
    copy->id = ++graphs_made;
    for (long i = 0; i < graph->list.count; i++) add(&copy->list, &graph->list.items[i]);
    return copy;
}

int cuGraphInstantiateWithFlags(Graph** result, Graph* graph, unsigned long long flags) {
    (void)flags;
    ENTER("cuGraphInstantiate");
    *result = copy_of(graph);
    write_down("called instantiate graph=%d operations=%ld\n", (*result)->id, graph->list.count);
    return leave(SUCCESS);
}

int cuGraphExecUpdate(Graph* executable, Graph* graph, void** node, int* result) {
    ENTER("cuGraphExecUpdate");
    *node = 0;
    *result = 0;
    error = executable->list.count == graph->list.count ? SUCCESS : UPDATE_FAILURE;
    for (long i = 0; error == SUCCESS && i < graph->list.count; i++) if (executable->list.items[i].kind != graph->list.items[i].kind) error = UPDATE_FAILURE;
    if (error == SUCCESS) memcpy(executable->list.items, graph->list.items, graph->list.count * sizeof(Operation));
    write_down("called update graph=%d error=%d\n", executable->id, error);
    return leave(error);
}

int cuGraphLaunch(Graph* executable, void* stream) {
    ENTER("cuGraphLaunch");
    write_down("called launch_graph graph=%d stream=%d\n", executable->id, stream_of(stream)->id);
    for (long i = 0; i < executable->list.count; i++) add(&stream_of(stream)->queue, &executable->list.items[i]);
    return leave(SUCCESS);
}

int cuGraphExecDestroy(Graph* executable) { pthread_mutex_lock(&gate); run_all(); write_down("called destroy_executable graph=%d\n", executable->id); return leave(SUCCESS); }

int cuGraphDestroy(Graph* graph) { free(graph->list.items); free(graph); return SUCCESS; }
