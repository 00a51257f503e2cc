using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>Binds a text that is right.</summary>
internal static class TestCompiler
{
    /// <summary>The first model of a file. Fails on any error.</summary>
    public static BoundModel BindModel(string text)
    {
        var file = FnnParser.Parse(new SourceText("test.fnn", text));
        Assert.Equal("", DiagnosticRenderer.RenderAll(file.Diagnostics));
        var scope = Binder.Collect([file]);
        Assert.DoesNotContain(scope.Diagnostics, diagnostic => diagnostic.Severity == Severity.Error);
        var name = scope.Models.First();
        var bound = Binder.BindModel(scope, name.Namespace, name.Name);
        Assert.Equal("", DiagnosticRenderer.RenderAll(bound.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error)));
        return bound.Result!;
    }
}
