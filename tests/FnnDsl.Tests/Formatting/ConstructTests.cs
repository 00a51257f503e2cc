using System.Reflection;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>
/// Every form of the grammar is formatted as messages show it: its example, which stands in the table of constructs, is canonical. So a form that comes
/// later is missing no role of its tokens.
/// </summary>
public sealed class ConstructTests
{
    // Where an example can stand: … is the example.
    private static readonly string[] Contexts =
    [
        "…\n",
        "fn f(x: f32[n]) -> f32[n] {\n    …\n}\n",
        "train T for net: Net (x: f32[n]) {\n    …\n}\n",
        "model M(x: f32[n]) -> f32[n] {\n    …\n}\n",
        "fn f(x: f32[n]) -> f32[n] {\n    feedback (h: f32[n] = 0) times 8 {\n        …\n    }\n}\n",
        "fn f(x: f32[n]) -> f32[n] {\n    y = …\n}\n",
        "pipeline P with net: Net {\n    …\n}\n",
        "pipeline P with net: Net {\n    fit on …\n}\n",
        "checkpoint C for Net {\n    …\n}\n",
        "fn f(x: f32[n]) -> f32[n] … { return x }\n",
        "fn f… -> f32[n] { return x }\n",
        "fn f(x: f32[n]) … { return x }\n",
        "fn f(x: …) -> f32[n] { return x }\n",
        "fn f(x: f32[n]) -> f32[n] …\n",
        "fn f(x: f32[n]) -> f32[n] {\n    feedback … times 8 { h <- h }\n}\n",
        "fn f(x: f32[n]) -> f32[n] {\n    feedback (h: f32[n] = 0) … { h <- h }\n}\n",
        "fn f(x: f32[n]) -> f32[n] {\n    feedback (h: f32[n] = 0) times 8 as t … { h <- h }\n}\n",
    ];

    public static TheoryData<string> Examples
    {
        get
        {
            var seen = new HashSet<string>();
            foreach (var row in typeof(Construct).GetFields(BindingFlags.Public | BindingFlags.Static))
            {
                foreach (var example in Apart(((Construct)row.GetValue(null)!).Example)) seen.Add(example.Replace("{ … }", "{ }", StringComparison.Ordinal));
            }
            var examples = new TheoryData<string>();
            foreach (var example in seen) examples.Add(example);
            return examples;
        }
    }

    [Theory, MemberData(nameof(Examples))]
    public void An_example_is_canonical(string example)
    {
        var texts = Contexts.Select(context => context.Replace("…", example, StringComparison.Ordinal)).Where(Formatting.Parses).ToArray();
        Assert.NotEmpty(texts);
        Assert.All(texts, text => Assert.Equal(text, Formatting.Format(text)));
    }

    // Some give alternatives.
    private static string[] Apart(string example) => example switch
    {
        "else warn, else fail or else best" => ["else warn", "else fail", "else best"],
        "(a + b) or (a, b)" => ["(a + b)", "(a, b)"],
        _ => example.Split(", or "),
    };
}
