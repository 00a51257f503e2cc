using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Tests.Library;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Feedback;

/// <summary>A model step by step gives what it gives for the whole sequence; one that looks ahead has no such form, and says where.</summary>
public sealed class OneStepFormTests
{
    private const int Batch = 2;
    private const int Time = 5;

    private static readonly Dictionary<string, string> Streams = new()
    {
        ["recurrent"] = """
            model M(x: f32[batch, time, 3]) -> f32[batch, time, 2] {
                w = linear(2); u = linear(2, bias: false); out = linear(2)
                feedback (h: f32[batch, 2] = 0) over x_t in x along time { h <- tanh(w(x_t) + u(h)); emit hs = h }
                return softmax(out(hs))
            }
            """,
        ["two states, two layers, the last step"] = """
            model M(x: f32[batch, time, 3]) -> (last: f32[batch, 2], latest: f32[batch, 2]) {
                w = linear(2); u = linear(2, bias: false); v = linear(2)
                feedback (h: f32[batch, 2] = 0, c: f32[batch, 2] = 1) over x_t in x along time { c <- 0.5 * c + tanh(w(x_t)); h <- tanh(c + u(h)); emit hs = h }
                feedback (g: f32[batch, 2] = 0) over h_t in hs along time truncate 2 { g <- tanh(v(h_t) + g); emit gs = g }
                return (g, gs[:, -1])
            }
            """,
        ["the number of the step"] = """
            model M(x: f32[batch, time, 2], first: f32[batch, 2]) -> f32[batch, time, 2] {
                feedback (h: f32[batch, 2] = first) over x_t in x along time as t { h <- 0.5 * h + x_t * (t + 1); emit hs = h - t }
                return hs
            }
            """,
        ["a table of positions"] = """
            model M(x: f32[batch, time, 2]) -> f32[batch, time, 2] where time <= 8 {
                places = embedding(8, 2)
                y = x + places.weight[:time]
                feedback (h: f32[batch, 2] = 0) over y_t in y along time { h <- tanh(h + y_t); emit hs = h }
                return hs
            }
            """,
        ["thought at each step"] = """
            model M(x: f32[batch, time, 3]) -> f32[batch, time, 2] {
                w = linear(2); u = linear(2, bias: false)
                feedback (h: f32[batch, 2] = 0) over x_t in x along time {
                    feedback (z: f32[batch, 2] = h) times 3 { z <- tanh(w(x_t) + u(z) + h) }
                    feedback (y: f32[batch, 2] = 0) to fixed_point(tol: 1e-9, at_most: 100) { y <- 0.4 * tanh(u(y)) + z }
                    h <- y
                    emit hs = h
                }
                return hs
            }
            """,
        ["lengths"] = """
            model M(x: f32[batch, time, 2], length: i32[batch]) -> f32[batch, time, 2] {
                feedback (h: f32[batch, 2] = 0) over x_t in x along time lengths length { h <- tanh(h + x_t); emit hs = h }
                return hs
            }
            """,
    };

    public static TheoryData<string> Names => new(Streams.Keys);

    [Theory, MemberData(nameof(Names))]
    public void Step_by_step_is_the_whole(string name)
    {
        var model = new InterpretedModel(Streams[name], ("batch", Batch), ("time", Time));
        var inputs = model.Model.Inputs.Select((input, k) => input.Element == ElementType.I32 ? new double[] { 3, 5 } : model.Draw(k, k + 1)).ToArray();
        var whole = model.Predict(inputs);
        var step = OneStepForm.TryMake(model.Model.Inference, "time", inputs.Length, out var why);
        Assert.True(step is not null, why.Reason);
        Assert.Empty(GraphVerifier.Verify(step!.Graph));

        var states = step.States.Select(state => new double[state.ElementCount.Evaluate(_ => Batch)]).ToArray();
        for (var t = 0; t < Time; t++)
        {
            var given = inputs.Select((input, k) => Slice(model.Model.Inputs[k], input, t)).Concat(states).Append([t]).ToArray();
            var outputs = model.Run(step.Graph, new InterpreterInputs { Sizes = new Dictionary<string, long> { ["batch"] = Batch }, Inputs = given });
            for (var k = 0; k < whole.Length; k++)
            {
                // Of what has no axis of steps, the last is the whole's.
                var result = model.Model.Results[k];
                if (result.Type.Shape.Contains(Size.Axis("time"))) InterpretedModel.AssertClose(Slice(result, whole[k], t), outputs[k], 1e-8);
                else if (t == Time - 1) InterpretedModel.AssertClose(whole[k], outputs[k], 1e-8);
            }
            states = outputs.Skip(whole.Length).ToArray();
        }
    }

    [Theory]
    [InlineData("model M(x: f32[batch, time, 2]) -> f32[batch, time, 2] {\n feedback (h: f32[batch, 2] = 0) over x_t in x along time reverse { h <- h + x_t\n emit hs = h }\n return hs }", "from its end")]
    [InlineData("model M(x: f32[batch, time, 2]) -> f32[batch, time, 2] {\n y = x - mean(x, 1, keep: true)\n feedback (h: f32[batch, 2] = 0) over y_t in y along time { h <- h + y_t\n emit hs = h }\n return hs }", "several steps of 'time'")]
    [InlineData("model M(x: f32[batch, time, 2]) -> f32[batch, time, 2] {\n y = softmax(x, 1)\n feedback (h: f32[batch, 2] = 0) over y_t in y along time { h <- h + y_t\n emit hs = h }\n return hs }", "several steps of 'time'")]
    [InlineData("model M(x: f32[batch, time, 2]) -> f32[batch, time, 2] {\n y = x[:, ::-1]\n feedback (h: f32[batch, 2] = 0) over y_t in y along time { h <- h + y_t\n emit hs = h }\n return hs }", "other steps of 'time'")]
    [InlineData("model M(x: f32[batch, time, 2]) -> f32[batch, 2] {\n feedback (g: f32[batch, 2] = 0) times 2 {\n feedback (h: f32[batch, 2] = g) over x_t in x along time { h <- h + x_t }\n g <- h }\n return g }", "stands in another loop")]
    public void A_model_that_looks_ahead_has_no_steps_and_says_why(string text, string reason)
    {
        var model = TestCompiler.BindModel(text);
        Assert.Null(OneStepForm.TryMake(model.Inference, "time", model.Inputs.Count, out var why));
        Assert.Contains(reason, why.Reason);
        Assert.Equal("M", why.Origin.Declaration.Split('.')[^1]);
    }

    // A tensor at one step; what has no axis of steps is itself.
    private static double[] Slice(BoundTensor tensor, double[] values, int t)
    {
        var axis = tensor.Axes.ToList().FindIndex(item => item.Size == Size.Axis("time"));
        if (axis < 0) return values;
        var inner = values.Length / (axis == 0 ? Time : Batch * Time);
        return axis == 0 ? values.Skip(t * inner).Take(inner).ToArray() : Enumerable.Range(0, Batch).SelectMany(b => values.Skip(((b * Time) + t) * inner).Take(inner)).ToArray();
    }
}
