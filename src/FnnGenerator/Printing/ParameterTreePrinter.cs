using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints the classes behind <c>net.Parameters.Fc1.Weight</c>: one for each inner part of the paths; numbered parts that are alike share one
/// class and become a list.
/// </summary>
internal sealed class ParameterTreePrinter
{
    private readonly CodeWriter _writer;
    private readonly string _suffix;
    private readonly Func<BoundStorage, string> _leafType;

    private ParameterTreePrinter(CodeWriter writer, string suffix, Func<BoundStorage, string> leafType)
    {
        _writer = writer;
        _suffix = suffix;
        _leafType = leafType;
    }

    /// <summary>The class of the whole tree.</summary>
    /// <param name="className">Its name.</param>
    /// <param name="suffix">What the names of the parts' classes end in: <c>Parameters</c>.</param>
    /// <param name="summary">Its documentation.</param>
    public static void Print(CodeWriter writer, string className, string suffix, string summary, IEnumerable<BoundStorage> items, Func<BoundStorage, string> leafType) =>
        new ParameterTreePrinter(writer, suffix, leafType).PrintClass(className, Part.Tree(items), summary, isRoot: true);

    /// <summary>The type of a parameter: <c>ParameterTensor&lt;Out, In></c>.</summary>
    public static string ParameterType(BoundStorage parameter) => parameter.Axes.Count is 0 or > SampleShape.MaximumRank
        ? "ParameterTensor"
        : $"ParameterTensor<{string.Join(", ", parameter.Axes.Select(AxisNames.Type))}>";

    private void PrintClass(string className, Part part, string summary, bool isRoot)
    {
        var members = Members(className, part);
        _writer.Summary(summary);
        using (_writer.Block($"public sealed class {className}"))
        {
            using (_writer.Block($"internal {className}(Model model{(isRoot ? "" : ", string path")})"))
            {
                foreach (var member in members) _writer.Line($"{member.Name} = {Construct(member, isRoot)};");
            }
            foreach (var member in members)
            {
                _writer.Line();
                _writer.Summary(member.Part.Leaf is { } leaf ? Describe(leaf) : $"The part '{member.Part.Name}'.");
                _writer.Line($"public {member.Type} {member.Name} {{ get; }}");
            }
            foreach (var member in members.Where(member => member.ClassName is not null))
            {
                _writer.Line();
                PrintClass(member.ClassName!, member.IsList ? member.Part.Children[0] : member.Part, $"{(member.IsList ? "One of the parts" : "The part")} '{member.Part.Name}'.", isRoot: false);
            }
        }
    }

    private List<Member> Members(string className, Part part)
    {
        var names = CSharpNames.Distinct(part.Children.Select(child => CSharpNames.Pascal(child.Name)), [className, .. RuntimeNames.ObjectMembers]);
        var classNames = CSharpNames.Distinct(names.Select(name => name + _suffix), names.Append(className));
        return part.Children.Select((child, i) => new Member(names[i], child, classNames[i], _leafType)).ToList();
    }

    private static string Construct(Member member, bool isRoot)
    {
        var path = isRoot ? CSharpNames.Literal(member.Part.Name) : $"path + {CSharpNames.Literal("." + member.Part.Name)}";
        return member.IsList
            ? $"ParameterList.Create(model, {path}, {NumberText.Integer(member.Part.Children.Count)}, static (model, path) => new {member.ItemType}(model, path))"
            : $"new {member.Type}(model, {path})";
    }

    private static string Describe(BoundStorage storage)
    {
        var axes = string.Join(", ", storage.Axes.Select(axis => axis.Name is { } name ? $"{name} = {axis.Size}" : axis.Size.ToString()));
        return $"{storage.Type.Element.ToString().ToLowerInvariant()}[{axes}]" + (storage.CheckpointName == storage.Path ? "" : $", '{storage.CheckpointName}' in checkpoints");
    }

    private sealed class Member
    {
        public Member(string name, Part part, string className, Func<BoundStorage, string> leafType)
        {
            Name = name;
            Part = part;
            IsList = part.IsList(leafType);
            var leaf = IsList ? part.Children[0].Leaf : part.Leaf;
            ClassName = leaf is null ? className : null;
            ItemType = leaf is null ? className : leafType(leaf);
        }

        public string Name { get; }

        public Part Part { get; }

        public bool IsList { get; }

        /// <summary>The class to print for it; null for a tensor.</summary>
        public string? ClassName { get; }

        public string ItemType { get; }

        public string Type => IsList ? $"IReadOnlyList<{ItemType}>" : ItemType;
    }

    /// <summary>A part of the model, in order of first appearance; a leaf is a tensor.</summary>
    private sealed class Part(string name)
    {
        public string Name => name;

        public BoundStorage? Leaf { get; private set; }

        public List<Part> Children { get; } = [];

        public static Part Tree(IEnumerable<BoundStorage> items)
        {
            var root = new Part("");
            foreach (var item in items)
            {
                var part = root;
                foreach (var step in item.Path.Split('.'))
                {
                    var next = part.Children.Find(child => child.Name == step);
                    if (next is null) part.Children.Add(next = new Part(step));
                    part = next;
                }
                part.Leaf = item;
            }
            return root;
        }

        /// <summary>Children 0, 1, 2 … that all look alike.</summary>
        public bool IsList(Func<BoundStorage, string> leafType)
        {
            if (Leaf is not null || Children.Count == 0) return false;
            for (var i = 0; i < Children.Count; i++)
            {
                if (Children[i].Name != NumberText.Integer(i)) return false;
            }
            var shape = Children[0].Shape(leafType);
            return Children.All(child => child.Shape(leafType) == shape);
        }

        private string Shape(Func<BoundStorage, string> leafType) =>
            Leaf is not null ? leafType(Leaf) : "{" + string.Join(";", Children.Select(child => child.Name + ":" + child.Shape(leafType))) + "}";
    }
}
