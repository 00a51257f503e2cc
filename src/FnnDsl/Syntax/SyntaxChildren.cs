using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The nodes below a node, found by its properties: who looks for nodes of a few kinds walks the tree with it, and kinds that come later are walked too.
/// </summary>
internal static class SyntaxChildren
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Properties = new();

    /// <summary>The node itself and all below it, each before those below it.</summary>
    public static IEnumerable<SyntaxNode> AndSelf(SyntaxNode root)
    {
        var open = new Stack<SyntaxNode>();
        open.Push(root);
        while (open.Count > 0)
        {
            var node = open.Pop();
            yield return node;
            foreach (var property in Properties.GetOrAdd(node.GetType(), PropertiesWithNodes))
            {
                switch (property.GetValue(node))
                {
                    case SyntaxNode child:
                        open.Push(child);
                        break;
                    case IEnumerable children:
                        foreach (SyntaxNode child in children) open.Push(child);
                        break;
                }
            }
        }
    }

    private static PropertyInfo[] PropertiesWithNodes(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => HoldsNodes(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType)).ToArray();

    private static bool HoldsNodes(Type type) =>
        typeof(SyntaxNode).IsAssignableFrom(type) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Text.EquatableArray<>) && HoldsNodes(type.GetGenericArguments()[0]));
}
