using System.Text.Json;

namespace FeedbackNN.Tool.Tests;

/// <summary><c>fnn cost</c>: its table, its JSON, and what it says when it can't.</summary>
public sealed class CostCommandTests : IDisposable
{
    private const string Digits = """
        namespace Digits

        model SimpleNN(x: f32[batch, 784]) -> f32[batch, 10] {
            fc1 = linear(128)
            fc2 = linear(10)
            return x |> fc1 |> relu |> fc2
        }
        """;

    private const string Several = """
        namespace Several

        layer block(d: dim)(x: real[..., d]) -> real[..., d] {
            up = linear(2 * d)
            down = linear(d)
            return x + down(relu(up(x)))
        }

        model Tower(depth: int)(x: f32[batch, 16]) -> f32[batch, 16] {
            repeat depth as i : blocks { x = block(16)(x) }
            return x
        }
        model Low = Tower(depth: 2)
        model High = Tower(depth: 12)

        model Reader(x: f32[batch, time, 4]) -> f32[batch, 8] where time <= 32 {
            read = gru(8)
            return read(x)[:, -1]
        }
        """;

    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_table_has_a_row_for_each_layer_and_says_what_is_needed_in_all()
    {
        _folder.Write("digits.fnn", Digits);
        var (exitCode, output, errors) = Cost("SimpleNN", "batch=64");
        Assert.True(exitCode == 0, errors);
        Assert.StartsWith("Digits.SimpleNN at batch 64\n", output);
        // 784 * 128 + 128 weights; two operations for each of 784 * 128 * 64, and one for each bias.
        Assert.Matches(@"digits\.fnn\(6\) +fc1 +100 K +[0-9.]+ KB +12\.8 M +25\.7 M +98\.7 %\n", output);
        Assert.Matches(@"digits\.fnn\(6\) +fc2 +1\.29 K +164 K +328 K +1\.3 %\n", output);
        Assert.Matches(@"digits\.fnn\(6\) +return x \|> fc1 \|> relu \|> fc2 +[0-9.]+ KB +16\.4 K", output);
        Assert.Matches(@"\n +in all +102 K ", output);
        Assert.Matches(@"\n +one call +[0-9.]+ KB +407 KB ", output);
        Assert.Matches(@"\n +a training step +1\.26 MB +407 KB .* 39\.1 Mflops\n", output);
    }

    [Fact]
    public void Copies_of_a_repeat_are_one_row_together()
    {
        _folder.Write("several.fnn", Several);
        using var low = Json("Low", "batch=8");
        using var high = Json("Several.High", "batch=8");
        Assert.Equal(["blocks.*.down", "blocks.*.up"], Places(low).Where(place => place.GetProperty("parameters").GetInt64() > 0).Select(place => place.GetProperty("what").GetString()));
        Assert.Equal(6 * low.RootElement.GetProperty("parameters").GetInt64(), high.RootElement.GetProperty("parameters").GetInt64());
        Assert.Equal(6 * low.RootElement.GetProperty("inference").GetProperty("flops").GetInt64(), high.RootElement.GetProperty("inference").GetProperty("flops").GetInt64());
        Assert.All(Places(low), place => Assert.EndsWith("several.fnn", place.GetProperty("file").GetString()));
    }

    [Fact]
    public void Places_add_up_to_the_whole()
    {
        _folder.Write("several.fnn", Several);
        using var reader = Json("Reader", "batch=3,time=7");
        long Sum(string name) => Places(reader).Sum(place => place.GetProperty(name).GetInt64());
        var training = reader.RootElement.GetProperty("training");
        Assert.Equal(training.GetProperty("forwardFlops").GetInt64(), Sum("forwardFlops"));
        Assert.Equal(training.GetProperty("backwardFlops").GetInt64(), Sum("backwardFlops"));
        Assert.Equal(reader.RootElement.GetProperty("parameters").GetInt64(), Sum("parameters"));
        Assert.InRange(Sum("valueBytes"), 1, training.GetProperty("arenaBytes").GetInt64());
        Assert.Equal(7, reader.RootElement.GetProperty("sizes").GetProperty("time").GetInt64());
    }

    [Fact]
    public void All_models_are_shown_without_a_name_and_JSON_has_a_line_for_each()
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, output, errors) = ToolFolder.Run((o, e) => CostCommand.Run([_folder.Path], null, ["batch=8", "time=4"], true, o, e));
        Assert.True(exitCode == 0, errors);
        Assert.Equal(3, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("Several.Low at batch 8\n", Cost(null, "batch=8,time=4").Output);
    }

    [Fact]
    public void Missing_sizes_are_named_with_a_command_that_gives_them()
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, output, errors) = Cost("Reader", "batch=16");
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("'Reader' has no size for time.", errors);
        Assert.Contains($"fnn cost {_folder.Path} --model Reader --at batch=16,time=64", errors);
    }

    [Theory]
    [InlineData("Reader", "batch=1,time=33", "'Reader' can't be called with these sizes: it demands time <= 32")]
    [InlineData("Reader", "batch=1,tiem=3", "No model here has a run-time axis 'tiem'. There are batch, time.")]
    [InlineData("Reader", "batch=0,time=3", "'0' is no size of 'batch'")]
    [InlineData("Reader", "batch", "'batch' is no size of an axis. Write --at batch=64,time=128.")]
    [InlineData("Reader", "batch=1,batch=2", "'batch' is given twice")]
    [InlineData("Reder", "batch=1", "There is no model 'Reder'. There are Several.Low, Several.High, Several.Reader.")]
    public void What_can_not_be_is_told(string model, string at, string expected)
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, output, errors) = Cost(model, at);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(expected, errors);
    }

    [Fact]
    public void Errors_of_the_files_come_first_but_a_broken_budget_is_no_reason_not_to_look()
    {
        var path = _folder.Write("wrong.fnn", Digits.Replace("fc1 |>", "fc3 |>"));
        var (exitCode, _, errors) = Cost(null, "batch=1");
        Assert.Equal(1, exitCode);
        Assert.Contains("error FNN2", errors);
        File.WriteAllText(path, Digits.Replace("fc1 =", "budget memory 1KB at batch 1\n    fc1 ="));
        Assert.Equal(0, Cost(null, "batch=1").ExitCode);
    }

    private (int ExitCode, string Output, string Errors) Cost(string? model, string at) => ToolFolder.Run((output, errors) => CostCommand.Run([_folder.Path], model, [at], false, output, errors));

    private JsonDocument Json(string model, string at)
    {
        var (exitCode, output, errors) = ToolFolder.Run((o, e) => CostCommand.Run([_folder.Path], model, [at], true, o, e));
        Assert.True(exitCode == 0, errors);
        return JsonDocument.Parse(output);
    }

    private static IEnumerable<JsonElement> Places(JsonDocument document) => document.RootElement.GetProperty("places").EnumerateArray();
}
