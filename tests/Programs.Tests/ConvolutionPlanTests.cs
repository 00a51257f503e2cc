using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Programs.Tests;

/// <summary>What plans of convolutions and pools promise: no copy of the windows, and nothing done one element after the other.</summary>
public sealed class ConvolutionPlanTests
{
    private const string Network = """
        model Net(x: f32[batch, 5, 16, 16]) -> f32[batch, 5] {
            param first: f32[8, 5, 5, 5]
            param second: f32[8, 8, 5, 5]
            head = linear(5)
            p = pad(x, axes: (2, 3), before: 2, after: 2)
            a[b, o, i, j] = sum[c, u, v] p[b, c, i + u, j + v] * first[o, c, u, v]
            a = relu(a)
            m[b, o, i, j] = max[u: 2, v: 2] a[b, o, 2*i + u, 2*j + v]
            q = pad(m, axes: (2, 3), before: 2, after: 2)
            h[b, o, i, j] = sum[c, u, v] q[b, c, i + u, j + v] * second[o, c, u, v]
            n[b, o, i, j] = max[u: 2, v: 2] tanh(h[b, o, 2*i + u, 2*j + v])
            return head(n as [batch, 128])
        }
        """;

    [Fact]
    public void WindowsAreNeverCopied()
    {
        var plan = Training(Network);
        // The windows of the first convolution have 16 x 16 x 125 elements, those of the second 8 x 8 x 200; the gradient of the first with its border has 24 x 24 x 8.
        Assert.All(plan.Buffers, buffer => Assert.True(buffer.Length.Evaluate(_ => 1) <= 24 * 24 * 8, PlanText.Print(plan)));
        var convolutions = plan.Steps.OfType<ProductStep>().Where(product => product.K.Evaluate(_ => 100) is 125 or 200 || product.N.Evaluate(_ => 100) is 125 or 200).ToArray();
        Assert.All(convolutions, product => Assert.True(product.Left.HasAxes || product.Right.HasAxes, PlanText.Print(plan)));
        // Forward, and backward towards weights and images.
        Assert.True(convolutions.Length == 6, PlanText.Print(plan));
    }

    [Fact]
    public void EveryKernelIsParallelAndMostAreVectors()
    {
        var plan = Training(Network);
        Assert.All(plan.Kernels, kernel => Assert.NotEqual(KernelForm.Serial, kernel.Form));
        Assert.All(plan.Kernels, kernel => Assert.True(kernel.IsVectorized, PlanText.Print(plan)));
    }

    [Fact]
    public void WindowsThatDoNotMeetAreStoredWithoutZerosFirst()
    {
        var plan = Training("""
            model Net(x: f32[batch, 6, 4]) -> f32[batch, 3, 4] {
                y[b, i, o] = max[u: 2] x[b, 2*i + u, o]
                return y
            }
            """);
        Assert.DoesNotContain(plan.Steps, step => step is FillStep);
        Assert.All(plan.Kernels, kernel => Assert.All(kernel.Stores, store => Assert.False(store.Adds)));
    }

    /// <summary>A gradient with a stride is computed without zeros between the elements of an image, in as many products as phases.</summary>
    [Fact]
    public void StridesMultiplyNothingByZero()
    {
        var plan = Training("""
            model Net(x: f32[batch, 8, 16, 16]) -> f32[batch, 16, 8, 8] {
                layer = conv2d(16, 3, stride: 2, padding: 1)
                return layer(tanh(x))
            }
            """);
        long Work(ProductStep product) => product.M.Evaluate(_ => 1) * product.N.Evaluate(_ => 1) * product.K.Evaluate(_ => 1);
        var forward = Work(plan.Steps.OfType<ProductStep>().First());
        // Forward, towards the weights, and four towards the image, which together are as much as one of those.
        Assert.Equal(3 * forward, plan.Steps.OfType<ProductStep>().Sum(Work));
        Assert.Equal(6, plan.Steps.OfType<ProductStep>().Count());
    }

    /// <summary>No product has one column for each channel, and no kernel goes across memory.</summary>
    [Fact]
    public void ChannelsByThemselvesAreNoProducts()
    {
        var plan = Training("""
            model Net(x: f32[batch, 3, 8, 8]) -> f32[batch, 1, 4, 4] {
                first = conv2d(16, 3, padding: 1); deep = conv2d(16, 3, stride: 2, padding: 1, groups: 16); last = conv2d(1, 3, padding: 1)
                return x |> first |> relu |> deep |> relu |> last
            }
            """);
        // The first convolution, and its gradients.
        Assert.All(plan.Steps.OfType<ProductStep>(), product => Assert.True(product.Batch.IsOne && product.K.Evaluate(_ => 1) is 27 or 64 or 16, PlanText.Print(plan)));
        Assert.All(plan.Kernels, kernel => Assert.True(kernel.IsVectorized, PlanText.Print(plan)));
    }

    /// <summary>An image that is made larger is put in its places channel by channel, as convolutions before and behind it have it; so all of them, and their gradients, read windows of channels side by side.</summary>
    [Fact]
    public void UpsampledImagesHaveTheirChannelsLast()
    {
        var plan = Training("""
            model Net(x: f32[batch, 1, 8, 8]) -> f32[batch, 1, 16, 16] {
                first = conv2d(32, 3, padding: 1); middle = conv2d(48, 3, padding: 1); up = conv2d(32, 3, padding: 1); last = conv2d(1, 3, padding: 1)
                return (x |> first |> relu |> middle |> silu |> upsample(2)) |> up |> relu |> last
            }
            """);
        var convolutions = plan.Steps.OfType<ProductStep>().Where(product => product.K.Evaluate(_ => 1) is 9 * 32 or 9 * 48 || product.N.Evaluate(_ => 1) is 9 * 32 or 9 * 48).ToArray();
        // Two of them, forward and backward towards weights and images.
        Assert.True(convolutions.Length == 6, PlanText.Print(plan));
        Assert.All(convolutions, product => Assert.True(IsWindow(product.Left) || IsWindow(product.Right), PlanText.Print(plan)));

        // Three rows, which are whole runs of three times the channels.
        static bool IsWindow(MatrixOperand operand) => new[] { operand.Rows, operand.Columns }.Any(axes => axes.Count == 2 && axes[0].Length.Evaluate(_ => 1) == 3 && axes[1].Length.Evaluate(_ => 1) is 3 * 32 or 3 * 48 && axes[1].Stride.IsOne)
            || new[] { operand.Rows, operand.Columns }.Any(axes => axes.Count == 3 && axes[0].Length.Evaluate(_ => 1) == 3 && axes[2].Length.Evaluate(_ => 1) is 32 or 48 && axes[2].Stride.IsOne);
    }

    private static ProgramPlan Training(string text)
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("/net.fnn", text))], "Convolutions");
        var compiled = FnnCompiler.CompileModel(scope, "Convolutions", "Net");
        Assert.True(compiled.Result is not null, string.Join("\n", compiled.Diagnostics));
        return compiled.Result!.Training;
    }
}
