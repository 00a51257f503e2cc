using System.Globalization;
using System.Runtime.InteropServices;
using FeedbackNN.Gpu.Nets;
using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>How batches come to the device.</summary>
internal static class UploadScenarios
{
    private const int Rows = 9, Length = 3, Tensors = 3;

    public static void A_batch_comes_while_the_step_before_it_computes()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedSgd(net, seed: 2);
        var random = new Random(1);
        var batch = Batch(Rows, random);
        // Both ways are made.
        for (var step = 0; step < 2; step++) trainer.RunStep(batch, isAsked: false);
        trainer.Settle();
        StubDriver.ClearLog();

        const int steps = 6;
        var expected = new List<string>();
        for (var step = 0; step < steps; step++)
        {
            // The same tensors, as a run's: what they held has been taken.
            Fill(batch, random);
            expected.AddRange([Hash<float>(batch.X.Span), Hash<int>(batch.Word.Span), Hash<int>(batch.Label.Span)]);
            trainer.RunStep(batch, isAsked: false);
        }
        var log = StubDriver.Log;
        Assert.Empty(log.Of("called synchronize stream"));
        Assert.Empty(log.Of("called allocate"));
        var order = new StubOrder(log);
        var uploads = log.Of("called copy").Where(copy => copy["kind"] == "HtoD").ToArray();
        var moves = log.Of("called copy").Where(copy => copy["kind"] == "DtoD").Chunk(Tensors).ToArray();
        var launches = log.Of("called launch").Chunk(log.Of("called launch").Length / steps).ToArray();
        Assert.Equal(steps, uploads.Length);
        Assert.Equal(steps, moves.Length);
        Assert.All(uploads, upload => Assert.Equal("1", upload["locked"]));
        Assert.Single(uploads.Select(upload => upload["stream"]).Append("").Except(launches[0].Select(launch => launch["stream"])).Except([""]));
        for (var step = 0; step < steps; step++)
        {
            Assert.All(moves[step], move => Assert.True(order.IsBefore(uploads[step], move)));
            Assert.All(moves[step], move => Assert.True(order.IsBefore(move, launches[step].First(launch => launch["kernel"] == "Kernel_Tiled"))));
            // It waits for nothing of the step before, and that step's tensors are not written over.
            if (step + 1 < steps) Assert.False(order.IsBefore(launches[step][0], uploads[step + 1]));
            if (step + 1 < steps) Assert.NotEqual(uploads[step]["target"], uploads[step + 1]["target"]);
            if (step + 2 < steps) Assert.All(moves[step], move => Assert.True(order.IsBefore(move, uploads[step + 2])));
        }

        // As late as all this is done, each step has its own batch.
        trainer.Settle();
        Assert.Equal(expected, StubDriver.Log.Of("ran copy").Where(copy => copy["kind"] == "DtoD").Select(copy => copy["hash"]));
    }

    public static unsafe void What_has_come_for_noted_work_is_not_written_over_before_that_is_done()
    {
        using var device = StubDriver.Connect();
        const int runs = 5;
        var buffer = device.AllocateFloats(256, "a test");
        using (var uploads = device.CreateUploads())
        {
            device.BeginNotes();
            for (var run = 0; run < runs; run++)
            {
                var value = run + 1.5f;
                uploads.Begin(GpuUploads.RoomFor(sizeof(float)));
                uploads.Add(&value, buffer.View.BaseView.Cast<byte>().SubView(0, sizeof(float)));
                uploads.End();
            }
            device.EndNotes()!.Interrupt(device.Stream);
            device.Finish();
        }
        device.Free(buffer);
        var log = StubDriver.Log;
        var order = new StubOrder(log);
        var copies = log.Of("called copy").ToLookup(copy => copy["kind"]);
        foreach (var (move, upload) in copies["DtoD"].Zip(copies["HtoD"].Skip(2))) Assert.True(order.IsBefore(move, upload));
        Assert.Equal(Enumerable.Range(0, runs).Select(run => Hash<float>(new[] { run + 1.5f })), log.Of("ran copy").Where(copy => copy["kind"] == "DtoD").Select(copy => copy["hash"]));
    }

    public static void A_larger_batch_has_room_made_for_it()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedSgd(net, seed: 2);
        var random = new Random(1);
        var expected = new List<string>();
        foreach (var rows in new[] { 3, 40, 5, 90, 90, 7 })
        {
            var batch = Batch(rows, random);
            expected.AddRange([Hash<float>(batch.X.Span), Hash<int>(batch.Word.Span), Hash<int>(batch.Label.Span)]);
            trainer.RunStep(batch, isAsked: false);
        }
        trainer.Settle();
        Assert.Equal(expected, StubDriver.Log.Of("ran copy").Where(copy => copy["kind"] == "DtoD").Select(copy => copy["hash"]));
    }

    public static void A_forward_that_is_waited_for_has_one_way_in()
    {
        using var device = StubDriver.Connect();
        using var net = new Line(device, seed: 1);
        for (var run = 0; run < 3; run++) net.Forward(new(Rows, Features.Size));
        Assert.Single(StubDriver.Log.Of("called allocate_host"));
    }

    public static void Where_no_memory_can_be_locked_batches_come_from_where_they_lie()
    {
        using var device = StubDriver.Connect();
        using var net = new Line(device, seed: 1);
        var live = StubDriver.LiveMemory();
        var trainer = new FitLine(net, seed: 2);
        StubDriver.Fail("cuMemAllocHost", 2, 0, 1000);
        for (var step = 0; step < 3; step++) trainer.RunStep(new(new(Rows, Features.Size), new(Rows, 1)), isAsked: false);
        trainer.Settle();
        var log = StubDriver.Log;
        // It is not tried again with as much, and nothing is kept of what was tried.
        Assert.Single(log.Of("failed cuMemAllocHost"));
        Assert.Equal(2 * 3, log.Of("called copy").Count(copy => copy["kind"] == "HtoD" && copy["locked"] == "0" && copy.Number("bytes") <= Rows * Features.Size * sizeof(float)));
        Assert.DoesNotContain(log.Of("called copy"), copy => copy["kind"] == "DtoD");
        trainer.Dispose();
        Assert.Equal(live, StubDriver.LiveMemory());
    }

    public static void A_device_that_goes_first_takes_all_of_it_along()
    {
        var device = StubDriver.Connect();
        var net = new Line(device, seed: 1);
        var trainer = new FitLine(net, seed: 2);
        trainer.Step(new(new(Rows, Features.Size), new(Rows, 1)));
        device.Dispose();
        StubDriver.ForgetMemory();
        StubDriver.ClearLog();
        trainer.Dispose();
        net.Dispose();
        Assert.Equal("", StubDriver.Log.ToString());
    }

    private static FitMixedSgd.MiniBatch Batch(int rows, Random random)
    {
        var batch = new FitMixedSgd.MiniBatch(new(rows, Features.Size), new(rows, Length), new(rows));
        Fill(batch, random);
        return batch;
    }

    private static void Fill(FitMixedSgd.MiniBatch batch, Random random)
    {
        foreach (ref var value in batch.X.Span) value = random.NextSingle();
        foreach (ref var value in batch.Word.Span) value = random.Next(30);
        foreach (ref var value in batch.Label.Span) value = random.Next(Classes.Size);
    }

    // As the stub takes it (FNV).
    private static string Hash<T>(Span<T> values) where T : unmanaged
    {
        var hash = 2166136261u;
        foreach (var value in MemoryMarshal.AsBytes(values)) hash = unchecked((hash ^ value) * 16777619u);
        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}
