using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FeedbackNN;

namespace TinyStories;

/// <summary>
/// A network as llama2.c saves it (version 0): seven integers, then all weights one after the other, those of all layers together. It becomes a safetensors file with Meta's names, which the library's mapping reads.
/// </summary>
internal static class Llama2File
{
    private const int HeaderLength = 7 * sizeof(int);

    /// <summary>Writes the weights of a llama2.c file as safetensors.</summary>
    /// <exception cref="DataException">The file is too short for what its head says.</exception>
    public static void Convert(string binary, string safetensors)
    {
        var bytes = File.ReadAllBytes(binary);
        if (bytes.Length < HeaderLength) throw new DataException(binary, "it is too short for a network of llama2.c", "use a file such as stories260K.bin");
        var head = Enumerable.Range(0, 7).Select(k => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(k * sizeof(int)))).ToArray();
        var (dim, hidden, layers, heads, groups, vocab, context) = (head[0], head[1], head[2], head[3], head[4], Math.Abs(head[5]), head[6]);
        var shared = dim / heads * groups;
        var numbers = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(HeaderLength)).ToArray();
        var entries = new List<SafetensorsEntry>();
        var at = 0;

        Take("tok_embeddings.weight", vocab, dim);
        TakeOfLayers("attention_norm.weight", dim);
        TakeOfLayers("attention.wq.weight", dim, dim);
        TakeOfLayers("attention.wk.weight", shared, dim);
        TakeOfLayers("attention.wv.weight", shared, dim);
        TakeOfLayers("attention.wo.weight", dim, dim);
        TakeOfLayers("ffn_norm.weight", dim);
        TakeOfLayers("feed_forward.w1.weight", hidden, dim);
        TakeOfLayers("feed_forward.w2.weight", dim, hidden);
        TakeOfLayers("feed_forward.w3.weight", hidden, dim);
        Take("norm.weight", dim);
        // Tables of rotary angles, which the network computes itself.
        at += context * (dim / heads);
        // A negative number of tokens says that the output layer has weights of its own.
        if (head[5] < 0) Take("output.weight", vocab, dim);
        SafetensorsFile.Write(safetensors, entries);

        void TakeOfLayers(string name, params long[] shape)
        {
            for (var layer = 0; layer < layers; layer++) Take($"layers.{layer}.{name}", shape);
        }

        void Take(string name, params long[] shape)
        {
            var count = (int)shape.Aggregate(1L, (product, size) => product * size);
            if (at + count > numbers.Length) throw new DataException(binary, $"it ends before '{name}'", "copy it again");
            entries.Add(SafetensorsEntry.From(name, shape, numbers[at..(at + count)]));
            at += count;
        }
    }
}
