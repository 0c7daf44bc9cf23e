"""Every JSON body that goes to the cluster, as files, and the one function that reads them."""
