/* An emulator of PTX: kernels as NVIDIA's driver gets them, executed on the processor, with every access to memory checked. */
#ifndef PTX_H
#define PTX_H

#include <stdint.h>

typedef struct Kernel Kernel;

/* The kernels of a text, or null and why not. */
Kernel* ptx_parse(const char* text, char* message, int room);
void ptx_free(Kernel* kernels);

/* By its name; null where there is none. */
const Kernel* ptx_find(const Kernel* kernels, const char* name);

/* Static shared memory of a group. */
int ptx_shared_bytes(const Kernel* kernel);

/* Executes all groups. Gives 0, or an error of the driver's with a message. */
int ptx_run(const Kernel* kernel, const int grid[3], const int block[3], int dynamic_bytes, const uint8_t* parameters, char* message, int room);

/* The device's memory, and what of it is allocated: such a piece is, or is no longer. */
void ptx_set_memory(uint8_t* memory, int64_t bytes);
void ptx_note_memory(uint8_t* begin, int64_t bytes, int is_allocated);

#endif
