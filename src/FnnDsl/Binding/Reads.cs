using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Which names a piece of syntax reads, everything below it included. Index variables count too: a value can't have the name of one that matters. So does the first name of a path, <c>net</c> of
/// <c>net.fc1</c>, and what stands in the braces of a checkpoint's name.
/// </summary>
internal static class Reads
{
    public static IEnumerable<string> Of(SyntaxNode? node) => node is null ? [] : SyntaxChildren.AndSelf(node).SelectMany(Own);

    public static IEnumerable<string> Of(IEnumerable<SyntaxNode> nodes) => nodes.SelectMany(Of);

    /// <summary>What stands before a feedback's body.</summary>
    public static IEnumerable<string> OfHead(FeedbackStatement feedback) =>
        Of(feedback.States).Concat(Of(feedback.Form)).Concat(Of(feedback.Lengths)).Concat(Of(feedback.Truncate)).Concat(Of(feedback.Checkpoint)).Concat(Of(feedback.Slide));

    // Of the node alone.
    private static IEnumerable<string> Own(SyntaxNode node) => node switch
    {
        NameExpression name => [name.Name],
        PathPattern { Parts: { Count: > 0 } parts } => [parts[0].Text],
        AverageStatement average => [average.Net.Text],
        // named "h.{i + 1}"
        StringExpression text => text.Value.Split('{').Skip(1).SelectMany(part => DeclarationClosure.Words(part.Split('}')[0])),
        _ => [],
    };
}
