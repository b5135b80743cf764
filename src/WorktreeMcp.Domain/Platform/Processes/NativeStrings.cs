using System.Runtime.InteropServices;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>A list of texts as C has it: pointers to bytes, NULL at the end, all in one block.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private byte** _pointers;

    internal NativeStrings(IReadOnlyList<string> texts)
    {
        var size = (nuint)((texts.Count + 1) * sizeof(byte*));
        foreach (var text in texts)
        {
            size += (nuint)Encoding.UTF8.GetByteCount(text) + 1;
        }

        _pointers = (byte**)NativeMemory.Alloc(size);
        var next = (byte*)(_pointers + texts.Count + 1);
        for (var i = 0; i < texts.Count; i++)
        {
            _pointers[i] = next;
            var length = Encoding.UTF8.GetBytes(texts[i], new Span<byte>(next, Encoding.UTF8.GetByteCount(texts[i])));
            next[length] = 0;
            next += length + 1;
        }

        _pointers[texts.Count] = null;
    }

    internal byte** Pointers => _pointers;

    public void Dispose()
    {
        NativeMemory.Free(_pointers);
        _pointers = null;
    }
}
