using System.Globalization;
using System.Runtime.InteropServices;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// What the emulator of PTX itself must do, by kernels written by hand: arithmetic as the manual has it, where threads of a warp hold the elements of small matrices, that copies come late, and that
/// each thing a kernel may not do ends it with a message that names the thread and the instruction.
/// </summary>
internal static partial class EmulatorScenarios
{
    private const int IllegalAddress = 700, MisalignedAddress = 716, LaunchFailed = 719, InvalidPtx = 218;

    public static void A_product_of_matrices_in_tf32() => AssertProduct("m16n8k8.row.col.f32.tf32.tf32.f32", depth: 8, perRegister: 1, x => BitConverter.SingleToUInt32Bits(x));

    public static void A_product_of_matrices_in_bf16() => AssertProduct("m16n8k16.row.col.f32.bf16.bf16.f32", depth: 16, perRegister: 2, x => BitConverter.SingleToUInt32Bits(x) >> 16);

    public static void A_product_of_matrices_in_f16() => AssertProduct("m16n8k16.row.col.f32.f16.f16.f32", depth: 16, perRegister: 2, x => BitConverter.HalfToUInt16Bits((Half)x));

    /// <summary>The operands of a product as a kernel loads them: the left matrix by rows, the right one by columns of what lies by rows.</summary>
    public static void Matrices_that_are_loaded_from_shared_memory_are_the_operands_of_a_product()
    {
        var (left, right) = (Numbers(16 * 16, 1), Numbers(16 * 8, 2));
        ushort[] halves = [.. left.Concat(right).Select(x => BitConverter.HalfToUInt16Bits((Half)x))];
        var bytes = MemoryMarshal.AsBytes(halves.AsSpan()).ToArray();
        // 16 rows of 32 bytes, then 16 rows of 16. Threads 0 to 15 say where the rows are whose first half they name, the others the second.
        var result = Run(Kernel("""
            .reg .b32 %r<16>; .reg .b64 %rd<8>; .reg .f32 %f<8>; .shared .align 16 .b8 both[768];
            ld.param.b64 %rd1, [p0]; ld.param.b64 %rd2, [p1];
            mov.u32 %r1, %tid.x; mov.u32 %r2, both;
            mul.lo.u32 %r3, %r1, 24; add.u32 %r4, %r2, %r3; mul.wide.u32 %rd3, %r1, 24; add.u64 %rd3, %rd1, %rd3;
            ld.global.b64 %rd4, [%rd3]; st.shared.b64 [%r4], %rd4; ld.global.b64 %rd4, [%rd3+8]; st.shared.b64 [%r4+8], %rd4; ld.global.b64 %rd4, [%rd3+16]; st.shared.b64 [%r4+16], %rd4;
            bar.sync 0;
            and.b32 %r5, %r1, 15; shr.u32 %r6, %r1, 4; shl.b32 %r7, %r5, 5; shl.b32 %r6, %r6, 4; add.u32 %r7, %r7, %r6; add.u32 %r7, %r2, %r7;
            ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r8, %r9, %r10, %r11}, [%r7];
            shl.b32 %r5, %r5, 4; add.u32 %r5, %r2, %r5;
            ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r12, %r13}, [%r5+512];
            mov.f32 %f1, 0f00000000;
            mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f2, %f3, %f4, %f5}, {%r8, %r9, %r10, %r11}, {%r12, %r13}, {%f1, %f1, %f1, %f1};
            shl.b32 %r1, %r1, 4; cvt.u64.u32 %rd5, %r1; add.u64 %rd5, %rd2, %rd5;
            st.global.v4.f32 [%rd5], {%f2, %f3, %f4, %f5};
            ret;
            """), 32, bytes, 32 * 16);
        AssertIsProduct(left, right, 16, MemoryMarshal.Cast<byte, float>(result), 0);
    }

    /// <summary>Garbage is there until a copy is waited for, and what is not taken of a source is 0.</summary>
    public static void Copies_that_go_on_beside_a_kernel_come_when_they_are_waited_for()
    {
        var source = MemoryMarshal.AsBytes(Enumerable.Range(1, 4).ToArray().AsSpan()).ToArray();
        string Copy(string wait) => Kernel($$"""
            .reg .b32 %r<8>; .reg .b64 %rd<8>; .shared .align 16 .b8 tile[32];
            ld.param.b64 %rd1, [p0]; ld.param.b64 %rd2, [p1]; mov.u32 %r1, tile; mov.u32 %r2, 8;
            cp.async.cg.shared.global.L2::128B [%r1], [%rd1], 16; cp.async.commit_group;
            cp.async.ca.shared.global [%r1+16], [%rd1], 16, %r2; cp.async.commit_group;
            {{wait}}
            ld.shared.v4.b32 {%r2, %r3, %r4, %r5}, [tile]; st.global.v4.b32 [%rd2], {%r2, %r3, %r4, %r5};
            ld.shared.v4.b32 {%r2, %r3, %r4, %r5}, [tile+16]; st.global.v4.b32 [%rd2+16], {%r2, %r3, %r4, %r5};
            ret;
            """);
        Assert.Equal([1, 2, 3, 4, 1, 2, 0, 0], MemoryMarshal.Cast<byte, int>(Run(Copy("cp.async.wait_group 0;"), 1, source, 32)).ToArray());
        Assert.Equal([1, 2, 3, 4, 1, 2, 0, 0], MemoryMarshal.Cast<byte, int>(Run(Copy("cp.async.wait_all;"), 1, source, 32)).ToArray());
        AssertFails(LaunchFailed, "reads from 16 of shared memory while thread 0 copies there and has not waited", Copy("cp.async.wait_group 1;"), 1, source, placesAreRelative: true);
    }

    public static void Values_go_from_thread_to_thread()
    {
        var result = MemoryMarshal.Cast<byte, int>(Run(Kernel("""
            .reg .b32 %r<8>; .reg .b64 %rd<4>; .reg .pred %p<4>;
            ld.param.b64 %rd2, [p1]; mov.u32 %r1, %tid.x; mul.lo.s32 %r2, %r1, 10;
            shfl.sync.bfly.b32 %r3, %r2, 16, 31, 0xffffffff; shfl.sync.down.b32 %r4|%p1, %r2, 1, 31, -1; selp.b32 %r4, %r4, -1, %p1; shfl.sync.up.b32 %r5, %r2, 2, 0, -1; shfl.sync.idx.b32 %r6, %r2, 5, 31, -1;
            mul.wide.u32 %rd1, %r1, 16; add.u64 %rd1, %rd2, %rd1; st.global.v4.b32 [%rd1], {%r3, %r4, %r5, %r6}; ret;
            """), 32, [0], 32 * 16));
        for (var thread = 0; thread < 32; thread++)
        {
            Assert.Equal([10 * (thread ^ 16), thread == 31 ? -1 : 10 * (thread + 1), 10 * (thread < 2 ? thread : thread - 2), 50], result.Slice(4 * thread, 4).ToArray());
        }
    }

    /// <summary>Threads that have gone apart come together again, and those that have not wait at a barrier.</summary>
    public static void Threads_that_went_apart_meet_at_a_barrier()
    {
        var result = MemoryMarshal.Cast<byte, int>(Run(Kernel("""
            .reg .b32 %r<8>; .reg .b64 %rd<4>; .reg .pred %p<4>; .shared .align 4 .b8 sums[256];
            ld.param.b64 %rd2, [p1]; mov.u32 %r1, %tid.x; mov.u32 %r2, 0; mov.u32 %r3, 0; shl.b32 %r4, %r1, 2;
            LOOP: setp.ge.u32 %p1, %r2, %r1; @%p1 bra DONE; add.u32 %r2, %r2, 1; add.u32 %r3, %r3, %r2; bra.uni LOOP;
            DONE: st.shared.b32 [%r4+256], %r3; bar.sync 0;
            xor.b32 %r5, %r4, 252; ld.shared.b32 %r6, [%r5+256]; cvt.u64.u32 %rd1, %r4; add.u64 %rd1, %rd2, %rd1; st.global.b32 [%rd1], %r6; ret;
            """), 64, [0], 64 * 4));
        for (var thread = 0; thread < 64; thread++) Assert.Equal((63 - thread) * (64 - thread) / 2, result[thread]);
    }

    public static void Numbers_are_those_of_the_manual()
    {
        (string Instruction, uint A, uint B, uint Expected)[] rows =
        [
            ("max.f32 %r3, %r1, %r2;", 0x7fc00000, 0x3f800000, 0x3f800000), ("max.f32 %r3, %r1, %r2;", 0x80000000, 0, 0), ("min.f32 %r3, %r1, %r2;", 0, 0x80000000, 0x80000000), ("min.f32 %r3, %r1, %r2;", 0x7fc00001, 0xffc00000, 0x7fffffff),
            ("add.f32 %r3, %r1, %r2;", 1, 1, 2), ("mul.f32 %r3, %r1, %r2;", 0x00800000, 0x3f000000, 0x00400000), ("add.f32 %r3, %r1, %r2;", 0x7f800000, 0xff800000, 0x7fffffff), ("sqrt.rn.f32 %r3, %r1;", 0x40000000, 0, 0x3fb504f3),
            ("div.rn.f32 %r3, %r1, %r2;", 0x3f800000, 0x40400000, 0x3eaaaaab), ("cvt.rzi.s32.f32 %r3, %r1;", 0xbfc00000, 0, 0xffffffff), ("cvt.rzi.s32.f32 %r3, %r1;", 0x7fc00000, 0, 0), ("cvt.rzi.s32.f32 %r3, %r1;", 0x4f800000, 0, 0x7fffffff),
            ("cvt.rmi.f32.f32 %r3, %r1;", 0xbf000000, 0, 0xbf800000), ("cvt.rni.f32.f32 %r3, %r1;", 0x40200000, 0, 0x40000000), ("cvt.rn.f32.s32 %r3, %r1;", 0x01000001, 0, 0x4b800000),
            ("cvt.rna.tf32.f32 %r3, %r1;", 0x3f801000, 0, 0x3f802000), ("cvt.rn.bf16x2.f32 %r3, %r1, %r2;", 0x3f808000, 0x3f818000, 0x3f803f82), ("cvt.rn.f16x2.f32 %r3, %r1, %r2;", 0x477ff000, 0x33000000, 0x7c000000),
            ("shl.b32 %r3, %r1, %r2;", 1, 32, 0), ("shr.s32 %r3, %r1, %r2;", 0x80000000, 40, 0xffffffff), ("div.s32 %r3, %r1, %r2;", 0xfffffff9, 2, 0xfffffffd), ("rem.s32 %r3, %r1, %r2;", 0xfffffff9, 2, 0xffffffff), ("mul.hi.u32 %r3, %r1, %r2;", 0x80000000, 6, 3),
        ];
        var text = new System.Text.StringBuilder(".reg .b32 %r<8>; .reg .b64 %rd<4>; ld.param.b64 %rd2, [p1];\n");
        for (var i = 0; i < rows.Length; i++) text.Append(CultureInfo.InvariantCulture, $"mov.b32 %r1, 0x{rows[i].A:x}; mov.b32 %r2, 0x{rows[i].B:x}; {rows[i].Instruction} st.global.b32 [%rd2+{4 * i}], %r3;\n");
        var result = MemoryMarshal.Cast<byte, uint>(Run(Kernel(text + "ret;"), 1, [0], 4 * rows.Length));
        for (var i = 0; i < rows.Length; i++) Assert.True(rows[i].Expected == result[i], FormattableString.Invariant($"{rows[i]}: {result[i]:x8}"));
    }

    /// <summary>As the assembler makes them: a product that one sum reads rounds with it.</summary>
    public static void A_product_and_its_sum_round_once()
    {
        var result = MemoryMarshal.Cast<byte, float>(Run(Kernel("""
            .reg .f32 %f<8>; .reg .b64 %rd<4>; ld.param.b64 %rd2, [p1];
            mov.f32 %f1, 0f3f800001; mov.f32 %f2, 0fbf800002;
            mul.f32 %f3, %f1, %f1; add.f32 %f4, %f3, %f2; st.global.f32 [%rd2], %f4;
            mul.f32 %f5, %f1, %f1; sub.f32 %f6, %f2, %f5; st.global.f32 [%rd2+4], %f6;
            mul.rn.f32 %f7, %f1, %f1; add.f32 %f7, %f7, %f2; st.global.f32 [%rd2+8], %f7; ret;
            """), 1, [0], 12));
        Assert.Equal([MathF.ScaleB(1, -46), MathF.FusedMultiplyAdd(-1.00000012f, 1.00000012f, -1.00000024f), 0], result.ToArray());
    }

    public static void What_is_wrong_is_told_with_the_thread_and_the_instruction()
    {
        const string declare = ".reg .b32 %r<8>; .reg .b64 %rd<8>; .reg .f32 %f<4>; .reg .pred %p<4>; .shared .align 16 .b8 a[64]; .shared .align 16 .b8 b[64]; ld.param.b64 %rd1, [p0]; ld.param.b64 %rd2, [p1]; mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 2; cvt.u64.u32 %rd3, %r2; setp.eq.u32 %p1, %r1, 3;\n";
        (int Error, string Message, string Body)[] rows =
        [
            (IllegalAddress, "thread (4, 0, 0), line 6, 'ld.global.f32 %f1, [%rd4];': 4 bytes at ", "add.u64 %rd4, %rd1, %rd3; ld.global.f32 %f1, [%rd4]; ret;"),
            (MisalignedAddress, "thread (1, 0, 0), line 6, 'ld.global.v2.f32 {%f1, %f2}, [%rd4];': 8 bytes at ", "add.u64 %rd4, %rd1, %rd3; ld.global.v2.f32 {%f1, %f2}, [%rd4]; ret;"),
            (IllegalAddress, "thread (16, 0, 0), line 6, 'st.shared.b32 [%r2+256], %r1;': 4 bytes at 320 of shared memory: no variable is there", "st.shared.b32 [%r2+256], %r1; ret;"),
            (LaunchFailed, "thread (1, 0, 0), line 6, 'st.shared.b32 [a], %r1;': writes to 256 of shared memory, to which thread 0 writes between the same barriers", "st.shared.b32 [a], %r1; ret;"),
            (LaunchFailed, "writes to 256 of shared memory, from which several threads read between the same barriers", "ld.shared.b32 %r3, [a]; @%p1 st.shared.b32 [a], %r1; ret;"),
            (LaunchFailed, "thread (0, 0, 0), line 6, 'bar.sync 0;': thread 3 of the same warp has ended", "@%p1 ret; bar.sync 0; ret;"),
            (LaunchFailed, "thread 3 of the same warp waits elsewhere, at line 6, 'bar.sync 0;'", "@%p1 bra OTHER; bar.sync 0; ret; OTHER: bar.sync 0; ret;"),
            (LaunchFailed, "names the threads 0000ffff of the warp, and ffffffff are there", "shfl.sync.idx.b32 %r3, %r1, 0, 31, 0xffff; ret;"),
        ];
        foreach (var (error, message, body) in rows) AssertFails(error, message, Kernel(declare + body), 32, new byte[16]);
        foreach (var (message, body) in new[] { ("the instruction 'ex2.approx.f32' is not known", "ex2.approx.f32 %f1, %f2; ret;"), ("the register '%q' is not declared", "mov.b32 %q, 1; ret;"), ("the label 'L' is not there", "bra L; ret;") })
        {
            Assert.Equal(InvalidPtx, LoadModule(out _, Kernel(declare + body), 0, 0, 0));
            Assert.Contains(message, Text(InvalidPtx));
        }
    }

    private static void AssertProduct(string kind, int depth, int perRegister, Func<float, uint> bits)
    {
        var (left, right) = (Numbers(16 * depth, 1), Numbers(depth * 8, 2));
        // Of each thread: its four registers of the left matrix, two of the right one.
        var registers = new uint[32 * 6];
        for (var thread = 0; thread < 32; thread++)
        {
            var (group, place) = (thread / 4, thread % 4);
            for (var register = 0; register < 6; register++)
            {
                for (var part = 0; part < perRegister; part++)
                {
                    // The manual's figures: of 32 bits a column, of 16 bits two columns side by side.
                    var isRight = register >= 4;
                    var k = (perRegister * place) + part + (isRight ? (register - 4) * depth / 2 : (register >> 1) * depth / 2);
                    var value = isRight ? right[(k * 8) + group] : left[((group + (8 * (register & 1))) * depth) + k];
                    registers[(thread * 6) + register] |= bits(value) << (16 * part);
                }
            }
        }
        var result = Run(Kernel($$"""
            .reg .b32 %r<16>; .reg .b64 %rd<8>; .reg .f32 %f<8>;
            ld.param.b64 %rd1, [p0]; ld.param.b64 %rd2, [p1]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd3, %r1, 24; add.u64 %rd3, %rd1, %rd3;
            ld.global.b32 %r2, [%rd3]; ld.global.b32 %r3, [%rd3+4]; ld.global.b32 %r4, [%rd3+8]; ld.global.b32 %r5, [%rd3+12]; ld.global.b32 %r6, [%rd3+16]; ld.global.b32 %r7, [%rd3+20];
            mov.f32 %f1, 0f40000000;
            mma.sync.aligned.{{kind}} {%f2, %f3, %f4, %f5}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f1, %f1, %f1};
            mul.wide.u32 %rd4, %r1, 16; add.u64 %rd4, %rd2, %rd4; st.global.v4.f32 [%rd4], {%f2, %f3, %f4, %f5}; ret;
            """), 32, MemoryMarshal.AsBytes(registers.AsSpan()).ToArray(), 32 * 16);
        AssertIsProduct(left, right, depth, MemoryMarshal.Cast<byte, float>(result), 2);
    }

    private static void AssertIsProduct(float[] left, float[] right, int depth, ReadOnlySpan<float> result, float added)
    {
        for (var row = 0; row < 16; row++)
        {
            for (var column = 0; column < 8; column++)
            {
                var expected = added + Enumerable.Range(0, depth).Sum(k => left[(row * depth) + k] * right[(k * 8) + column]);
                var thread = (row % 8 * 4) + (column / 2);
                Assert.Equal(expected, result[(thread * 4) + (row / 8 * 2) + (column % 2)]);
            }
        }
    }

    /// <summary>Whole numbers of which every format has all, and sums are exact.</summary>
    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-8, 9))];
    }

    private static string Kernel(string body) => $".version 8.4\n.target sm_80\n.address_size 64\n.visible .entry kernel(.param .b64 p0, .param .b64 p1)\n{{{body}\n}}\n";

    private static void AssertFails(int error, string message, string text, int threads, byte[] input, bool placesAreRelative = false)
    {
        var failed = Assert.Throws<InvalidOperationException>(() => { Run(text, threads, input, 64); });
        Assert.StartsWith(error.ToString(CultureInfo.InvariantCulture), failed.Message);
        // Variables of shared memory do not begin at 0.
        if (placesAreRelative) failed = new InvalidOperationException(failed.Message.Replace("from 272 ", "from 16 ", StringComparison.Ordinal));
        Assert.Contains(message, failed.Message);
    }

    /// <summary>One group: what the kernel makes of the input.</summary>
    private static byte[] Run(string text, int threads, byte[] input, int outputBytes)
    {
        Check(Initialize(0));
        Check(CreateContext(out var context, 0, 0));
        try
        {
            Check(LoadModule(out var module, text, 0, 0, 0));
            Check(GetFunction(out var function, module, "kernel"));
            Check(Allocate(out var source, input.Length));
            Check(Allocate(out var target, outputBytes));
            Check(Copy(source, input, input.Length, 0));
            unsafe
            {
                long[] arguments = [source, target];
                fixed (long* pointer = arguments)
                {
                    long bytes = 16;
                    var extra = stackalloc nint[] { 1, (nint)pointer, 2, (nint)(&bytes), 0 };
                    Check(Launch(function, 1, 1, 1, threads, 1, 1, 0, 0, 0, (nint)extra));
                }
            }
            Check(Synchronize());
            var output = new byte[outputBytes];
            Check(CopyBack(output, target, outputBytes, 0));
            Check(Free(source));
            Check(Free(target));
            return output;
        }
        finally
        {
            DestroyContext(context);
        }
    }

    private static void Check(int error)
    {
        if (error != 0) throw new InvalidOperationException(FormattableString.Invariant($"{error}: {Text(error)}"));
    }

    private static string Text(int error)
    {
        _ = ErrorString(error, out var text);
        return Marshal.PtrToStringUTF8(text)!;
    }

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuInit")]
    private static partial int Initialize(int flags);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuCtxCreate_v2")]
    private static partial int CreateContext(out nint context, int flags, int ordinal);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuCtxDestroy_v2")]
    private static partial int DestroyContext(nint context);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuCtxSynchronize")]
    private static partial int Synchronize();

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuGetErrorString")]
    private static partial int ErrorString(int error, out nint text);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuModuleLoadDataEx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LoadModule(out nint module, string text, int count, nint options, nint values);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetFunction(out nint function, nint module, string name);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuMemAlloc_v2")]
    private static partial int Allocate(out nint pointer, long bytes);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuMemFree_v2")]
    private static partial int Free(nint pointer);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuMemcpyAsync")]
    private static partial int Copy(nint target, byte[] source, long bytes, nint stream);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuMemcpyAsync")]
    private static partial int CopyBack(byte[] target, nint source, long bytes, nint stream);

    [LibraryImport(StubLibraries.Driver, EntryPoint = "cuLaunchKernel")]
    private static partial int Launch(nint function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared, nint stream, nint arguments, nint extra);
}
