namespace FeedbackNN.Tool.Tests;

/// <summary><c>fnn plan</c>: steps with their lines, values with the reason why they are in memory, kernels.</summary>
public sealed class PlanCommandTests : IDisposable
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
        model Reader(x: f32[batch, time, 4]) -> f32[batch, 8] {
            w = linear(8); u = linear(8, bias: false)
            feedback (h: f32[batch, 8] = 0) over x_t in x along time { h <- tanh(w(x_t) + u(h)) }
            return h
        }

        model Centre(x: f32[batch, 32]) -> (level: f32[32], spread: f32[batch, 32]) {
            squares = x * x
            return (mean(squares, 0), exp(squares - mean(squares, 0)))
        }
        """;

    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_is_its_steps_its_values_and_its_kernels()
    {
        _folder.Write("digits.fnn", Digits);
        var (exitCode, output, errors) = Plan("SimpleNN", "batch=64");
        Assert.True(exitCode == 0, errors);
        const string OneCall = """
            Digits.SimpleNN, one call at batch 64

              step  line           what it does
              ----------------------------------------------------------------------------------------------------------
              0     digits.fnn(6)  product 1 x batch x 128 x 784: x by fc1.weight, then AddRelu (kernel 0)(fc1.bias, v0)
              1     digits.fnn(6)  product 1 x batch x 10 x 128: v0 by fc2.weight, then Add (kernel 1)(fc2.bias, result)

              launches 2 kernels on a GPU

              value  elements        bytes    steps   in memory because
              ----------------------------------------------------------
              v0     f32[128*batch]  32.8 KB  0 to 1  a product reads it

              33.0 KB in all, each with room behind its end: values that are not needed at once share places; 32.8 KB would be theirs without that

              kernel 0 AddRelu: epilogue over batch x columns 128
                  0 column = operand 0[r0*(128) + c]
                  1 column = operand 1[c]
                  2 column = add 0 1
                  3 column = relu 2
                  operand 2[r0*(128) + c] <- 3
              kernel 1 Add: epilogue over batch x columns 10
                  0 column = operand 0[r0*(10) + c]
                  1 column = operand 1[c]
                  2 column = add 0 1
                  operand 2[r0*(10) + c] <- 2

            Digits.SimpleNN, a training step at batch 64

            """;
        Assert.StartsWith(OneCall.ReplaceLineEndings("\n"), output);
        // relu's result is read back by its derivative, in the other half, and its gradient takes its place.
        Assert.Matches(@"\n  5     digits\.fnn\(6\)  product .*, then GreaterSelect \(kernel 4\)\(v0, v0\)\n", output);
        Assert.Matches(@"\n  v0 .* 0 to [89]  a product reads it; the backward half reads it; it is made or read on a product's tiles, and the other side is not\n", output);
        Assert.Matches(@"\n  8     digits\.fnn\(6\)  .* -> gradient of x\n", output);
    }

    [Fact]
    public void Of_a_family_of_trains_members_have_programs()
    {
        _folder.Write("family.fnn", """
            model Net(width: dim)(x: f32[batch, 8]) -> f32[batch, 8] {
                inner = linear(width); outer = linear(8)
                return x |> inner |> relu |> outer
            }
            model Narrow = Net(4)
            model Wide = Net(32)

            train Fit(rate: real = 0.1) for net: Net (x: f32[batch, 8]) {
                minimize mse(net(x), x) with sgd(rate)
            }
            train FitNarrow = Fit(Narrow)
            train FitWide = Fit(Wide, rate: 0.01)
            """);
        var wide = ToolFolder.Run((output, errors) => PlanCommand.RunTrain([_folder.Path], "FitWide", ["batch=16"], output, errors));
        Assert.Equal(ExitCodes.Success, wide.ExitCode);
        Assert.Contains("Models.FitWide, a step for 'loss'", wide.Output);
        Assert.Contains("1 x batch x 32 x 8", wide.Output);
        var family = ToolFolder.Run((output, errors) => PlanCommand.RunTrain([_folder.Path], "Fit", [], output, errors));
        Assert.Equal(ExitCodes.BadArguments, family.ExitCode);
        Assert.Contains("'Fit' is a family of trains. Name one of its members: Models.FitNarrow, Models.FitWide.", family.Errors);
        Assert.Contains("'Wide' is a model, not a train: write --model Wide.", ToolFolder.Run((output, errors) => PlanCommand.RunTrain([_folder.Path], "Wide", [], output, errors)).Errors);
        Assert.Contains("'Fit' is a family of trains, not a model. There are Models.Narrow, Models.Wide.", ToolFolder.Run((output, errors) => CostCommand.Run([_folder.Path], "Fit", [], false, output, errors)).Errors);
        var (exitCode, _, message) = ToolFolder.Run((output, errors) => CostCommand.Run([_folder.Path], "FitWide", ["batch=16"], false, output, errors));
        Assert.Equal(ExitCodes.BadArguments, exitCode);
        Assert.Contains("'FitWide' is a train, not a model. Its models are Models.Wide; fnn plan --train FitWide shows its own programs.", message);
        Assert.Contains("is a family of models. Name one of its members: Models.Narrow, Models.Wide.", ToolFolder.Run((output, errors) => CostCommand.Run([_folder.Path], "Net", [], false, output, errors)).Errors);
    }

    [Fact]
    public void Without_sizes_amounts_are_formulas()
    {
        _folder.Write("digits.fnn", Digits);
        var (exitCode, output, errors) = Plan("SimpleNN");
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"\n  v0 +f32\[128\*batch\]  512\*batch  0 to 1 ", output);
        Assert.Contains("\n  512*batch bytes, fewer where values that are not needed at once share places: how many, --at tells with sizes for batch\n", output);
    }

    [Fact]
    public void Steps_of_a_loop_stand_in_it_and_a_model_with_a_stream_has_three_programs()
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, output, errors) = Plan("Reader");
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"  for #0 over time:\n +\d+ +several\.fnn\(3\)    product 1 x batch x 8 x 8: v\d+ from .* by u\.weight, then AddTanh .*, the right matrix packed once before the loop\n", output);
        Assert.Contains("a loop takes it or carries it from round to round", output);
        Assert.Equal(["Models.Reader, one call", "Models.Reader, a training step", "Models.Reader, one step along time"], output.Split('\n').Where(line => line.StartsWith("Models.Reader", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_value_that_fusion_had_to_store_says_what_stood_against_it()
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, output, errors) = Plan("Centre", "batch=8");
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"\n  v1 .*  0 to 1  it is the parts of a sum, which the next step adds\n", output);
        Assert.Matches(@"\n  v2 .*  4 to 6  its reader needs other elements of it, or a whole sum\n", output);
    }

    [Fact]
    public void Kernels_that_a_GPU_is_handed_are_counted_for_programs_loops_and_trainings()
    {
        _folder.Write("several.fnn", Several + """

            model Settling(x: f32[batch, 4]) -> f32[batch, 4] {
                w = linear(4)
                feedback (h: f32[batch, 4] = 0) until mean(h, -1) > 0.5, at_most 6 { h <- tanh(w(h) + x) }
                return h
            }

            train Fit for net: Reader (x: f32[batch, time, 4], y: f32[batch, 8]) {
                minimize mse(net(x), y) with sgd(lr: 0.1, momentum: 0.9)
                clip global_norm(1)
                accumulate 2
            }
            """);
        var (exitCode, output, errors) = Plan("Reader");
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"\n  launches (\d+\*)?time \+ \d+ kernels on a GPU\n", output);
        // One range of weights: the mean over two steps, its squares, its norm, its scale, the update.
        Assert.Matches(@"\n\nModels\.Fit, a step on a GPU launches\n  'loss': \d+\*time \+ \d+ kernels, \d+\*time \+ \d+ for its value and gradients, 1 to look at it, 5 to update weights, or 2 where gradients are only added up\n$", output);
        (exitCode, output, errors) = Plan("Settling", "batch=3");
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"\n  and \d+ for each round of the loop at several\.fnn\(\d+\), of which there are at most 6\n", output);
        Assert.DoesNotContain("Models.Fit", output);
    }

    [Fact]
    public void A_training_has_a_program_for_each_loss_and_says_the_precision_of_its_products()
    {
        _folder.Write("digits.fnn", Digits + """


            train Fit for net: SimpleNN (x: f32[batch, 784], label: i32[batch]) {
                minimize cross_entropy(net(x), label) with adam(1e-3)
                precision f16
            }
            """);
        var (exitCode, output, errors) = ToolFolder.Run((output, errors) => PlanCommand.RunTrain([_folder.Path], "Fit", ["batch=8"], output, errors));
        Assert.True(exitCode == 0, errors);
        Assert.StartsWith("Digits.Fit, a step for 'loss' at batch 8\n", output);
        Assert.Contains(": x by net.fc1.weight, in f16 on GPUs, then AddRelu", output);
        Assert.Contains("-> gradient of net.fc1.weight", output);
        Assert.Contains("scale of the loss", output);
        var evaluation = output[output.IndexOf("Digits.Fit, an evaluation at batch 8\n", StringComparison.Ordinal)..];
        Assert.Contains(": x by net.fc1.weight, then AddRelu", evaluation);
        Assert.DoesNotContain("f16", evaluation);
    }

    [Theory]
    [InlineData("Other", "", "There is no train 'Other'. There are none in these files.")]
    [InlineData("Other", "batch", "'batch' is no size of an axis.")]
    public void A_training_that_is_not_there_is_told(string name, string at, string message)
    {
        _folder.Write("digits.fnn", Digits);
        var (exitCode, output, errors) = ToolFolder.Run((output, errors) => PlanCommand.RunTrain([_folder.Path], name, at.Length == 0 ? [] : [at], output, errors));
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(message, errors);
    }

    /// <summary>The copy has no place in the source.</summary>
    [Fact]
    public void A_model_that_only_hands_on_its_input_is_a_copy()
    {
        _folder.Write("same.fnn", "model Same(x: f32[batch, 3]) -> f32[batch, 3] { return x }");
        var (exitCode, output, errors) = Plan("Same");
        Assert.True(exitCode == 0, errors);
        Assert.StartsWith("Models.Same, one call\n", output);
        Assert.Contains("\n  0           copy x -> result\n", output);
    }

    [Theory]
    [InlineData("Nobody", "", "There is no model 'Nobody'. There are Models.Reader, Models.Centre.")]
    [InlineData("Reader", "tiem=3", "No model here has a run-time axis 'tiem'.")]
    [InlineData("Reader", "time", "'time' is no size of an axis.")]
    public void What_is_wrong_with_the_arguments_is_told(string model, string at, string message)
    {
        _folder.Write("several.fnn", Several);
        var (exitCode, output, errors) = Plan(model, at);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(message, errors);
    }

    private (int ExitCode, string Output, string Errors) Plan(string? model, string at = "") =>
        ToolFolder.Run((output, errors) => PlanCommand.Run([_folder.Path], model, at.Length == 0 ? [] : [at], output, errors));
}
