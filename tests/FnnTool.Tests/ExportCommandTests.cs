using FeedbackNN.Onnx.Format;

namespace FeedbackNN.Tool.Tests;

/// <summary><c>fnn export</c>: the file it writes, and what it says where it can't. What is in the file, tests/Onnx.Tests compares with the interpreter.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private const string Source = """
        namespace Digits

        model SimpleNN(x: f32[batch, 6]) -> f32[batch, 2] {
            fc1 = linear(3); norm = batch_norm()
            fc2 = linear(2)
            return x |> fc1 |> norm |> relu |> fc2
        }
        """;

    private const string Several = """
        model Half(x: f32[batch, 6]) -> f32[batch, 6] { return x / 2 }

        model Dice(x: f32[batch, 6]) -> f32[batch, 6] {
            return x + uniform(like: x)
        }
        """;

    private readonly ToolFolder _folder = new();

    private string Out => Path.Combine(_folder.Path, "net.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_and_its_weights_become_one_file()
    {
        _folder.Write("digits.fnn", Source);
        var (exitCode, output, errors) = Export("SimpleNN", Weights());
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"net\.onnx: Digits\.SimpleNN, \d+ operators, \d+ tensors, \d+(\.\d+)? K?B\n$", output);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Out));
        Assert.Equal("SimpleNN", model.Graph.Name);
        var weight = model.Graph.Initializer.Single(tensor => tensor.Name == "fc1.weight");
        Assert.Equal([3, 6], weight.Dims);
        Assert.Equal(Enumerable.Range(0, 18).Select(k => 0.5f * k), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(weight.RawData.Span).ToArray());
        Assert.Equal(["digits.fnn", "net.onnx", "net.safetensors"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_same_model_is_the_same_file()
    {
        _folder.Write("digits.fnn", Source);
        var weights = Weights();
        Export("SimpleNN", weights);
        var first = File.ReadAllBytes(Out);
        Assert.Equal(0, Export("SimpleNN", weights).ExitCode);
        Assert.Equal(first, File.ReadAllBytes(Out));
    }

    [Fact]
    public void All_that_does_not_fit_is_named_and_no_file_is_written()
    {
        _folder.Write("digits.fnn", Source);
        var weights = Weights(tensors =>
        {
            tensors.RemoveAll(tensor => tensor.Name == "norm.running_mean");
            tensors[0] = SafetensorsEntry.From("fc1.weight", [6, 3], new float[18]);
            tensors.Add(SafetensorsEntry.From("fc3.weight", [1], new float[1]));
        });
        File.WriteAllText(Out, "old");
        var (exitCode, output, errors) = Export("SimpleNN", weights);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Equal(
            $"""
            {weights}: these are not the weights of 'SimpleNN':
              'fc1.weight' is F32[6, 3] and should be F32[3, 6]
              there is no 'norm.running_mean': F32[3]
              there is 'fc3.weight', which the model does not have

            """.ReplaceLineEndings("\n"), errors.ReplaceLineEndings("\n"));
        Assert.Equal("old", File.ReadAllText(Out));
    }

    [Theory]
    [InlineData("Half", 0, "")]
    [InlineData(null, 2, "A file holds one model, and there are Models.Half, Models.Dice. Write which: --model Half.")]
    [InlineData("Nobody", 2, "There is no model 'Nobody'. There are Models.Half, Models.Dice.")]
    [InlineData("Dice", 2, "'Models.Dice' can't be exported: it draws random numbers, and those of ONNX are others on every machine. Make the draws an input of the model.\n  several.fnn(4): return x + uniform(like: x)\n")]
    public void What_a_model_has_to_be(string? name, int expected, string message)
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, _, errors) = Export(name, null);
        Assert.Equal(expected, exitCode);
        Assert.StartsWith(message, errors);
        Assert.Equal(expected == 0, File.Exists(Out));
    }

    [Fact]
    public void A_model_with_weights_needs_a_file_of_them()
    {
        _folder.Write("digits.fnn", Source);
        Assert.Contains("Save them in C#, net.Save(\"SimpleNN.safetensors\"), and write --weights SimpleNN.safetensors.", Export("SimpleNN", null).Errors);
        Assert.Contains("there is no such file", Export("SimpleNN", Path.Combine(_folder.Path, "none.safetensors")).Errors);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error()
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, _, errors) = ToolFolder.Run((output, errors) => ExportCommand.Run([_folder.Path], "Half", null, Path.Combine(_folder.Path, "none", "net.onnx"), output, errors));
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"{Path.Combine(_folder.Path, "none", "net.onnx")}: it could not be written, because there is no folder", errors);
    }

    private (int ExitCode, string Output, string Errors) Export(string? model, string? weights) =>
        ToolFolder.Run((output, errors) => ExportCommand.Run([_folder.Path], model, weights, Out, output, errors));

    private string Weights(Action<List<SafetensorsEntry>>? change = null)
    {
        var tensors = new List<SafetensorsEntry>();
        foreach (var (name, shape) in new (string, long[])[]
        {
            ("fc1.weight", [3, 6]), ("fc1.bias", [3]), ("norm.weight", [3]), ("norm.bias", [3]), ("fc2.weight", [2, 3]), ("fc2.bias", [2]), ("norm.running_mean", [3]), ("norm.running_var", [3]),
        })
        {
            tensors.Add(SafetensorsEntry.From(name, shape, Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(k => 0.5f * k).ToArray()));
        }
        change?.Invoke(tensors);
        var path = Path.Combine(_folder.Path, "net.safetensors");
        SafetensorsFile.Write(path, tensors);
        return path;
    }
}
